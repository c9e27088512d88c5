"""One module a step of a run; each gives a receipt (counts, cents, hashes; no rows, no names)."""
