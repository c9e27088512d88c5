-- A proposed case demands more than its principal: total_cents is what its row of the list sums up, interest and fee
-- included. Rows of other lists demand what is overdue; cases of earlier dates are kept with their principal alone.
ALTER TABLE dunning.proposals ADD COLUMN total_cents bigint;
UPDATE dunning.proposals SET total_cents = overdue_cents;
ALTER TABLE dunning.proposals ALTER COLUMN total_cents SET NOT NULL;
