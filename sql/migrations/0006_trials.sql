-- A dry run is a trial: nothing of it counts, nor does the last look of a release take its ledger for the newest.
-- Of the runs that were recorded without it, those that could not have closed books are taken for trials.
ALTER TABLE dunning.runs ADD COLUMN is_trial boolean NOT NULL DEFAULT false;
UPDATE dunning.runs SET is_trial = NOT is_recording;
