-- Holds of our own get a reason, as those of the ledger have, and the document that shows it. The earlier ones were put
-- on rows of lists by hand: `manual`. list_name is `account` where a hold was recorded from the account's own page.
ALTER TABLE dunning.holds ADD COLUMN reason text NOT NULL DEFAULT 'manual'
    CHECK (reason IN ('life_support', 'vulnerable', 'complaint', 'dispute', 'deceased', 'manual'));
ALTER TABLE dunning.holds ALTER COLUMN reason DROP DEFAULT;
ALTER TABLE dunning.holds ADD COLUMN document text NOT NULL DEFAULT '';
ALTER TABLE dunning.holds ALTER COLUMN document DROP DEFAULT;
