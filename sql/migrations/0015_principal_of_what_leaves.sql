-- One column, one meaning: what a proposal or deed demands of its account without interest and fee is its principal.
-- overdue_cents stays the name of what a decision found overdue.
ALTER TABLE dunning.proposals RENAME COLUMN overdue_cents TO principal_cents;
ALTER TABLE dunning.deeds RENAME COLUMN overdue_cents TO principal_cents;

-- A deed that is intended may become done, and nothing else of it changes: not the release that it belongs to, nor the
-- address that its letter was written to, which the first version of this guard did not know.
CREATE OR REPLACE FUNCTION dunning.keep_deeds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.state = 'intended' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'intended' AND NEW.state = 'done' THEN
        OLD.state := 'done';
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'deeds are recorded once and stay: % refused', TG_OP;
END
$$;
