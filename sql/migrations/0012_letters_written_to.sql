-- Where a letter of ours went, as a mark: one that came back is not written to again until the address is another.

ALTER TABLE dunning.deeds ADD COLUMN written_to text;
COMMENT ON COLUMN dunning.deeds.written_to IS
    'Of letters: the SHA-256 of the postal address, letters and digits alone. Null for other channels and earlier deeds.';
