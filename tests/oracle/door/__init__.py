"""The ledger's door once more, plainly: cells, files, rows among known ones, and whole small extracts."""
