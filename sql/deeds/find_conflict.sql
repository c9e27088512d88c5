-- What: a new deed whose key or reference is there already with other content.
-- Grain: the first such row, or none.
-- Takes: nothing.
-- Used by: dunning.gateways.store.actions.append_actions
SELECT found.premise_no, found.payer_code, found.stage, found.as_of, found.channel, found.reference, found.old_reference
FROM (
    SELECT new.premise_no, new.payer_code, new.stage, new.as_of, new.channel, new.reference, old.reference AS old_reference
    FROM new_deeds AS new
    JOIN dunning.deeds AS old
        ON (old.premise_no, old.payer_code, old.stage, old.as_of, old.channel)
         = (new.premise_no, new.payer_code, new.stage, new.as_of, new.channel)
    WHERE (old.reference, old.principal_cents) <> (new.reference, new.principal_cents)
    UNION ALL
    SELECT new.premise_no, new.payer_code, new.stage, new.as_of, new.channel, new.reference, old.reference AS old_reference
    FROM new_deeds AS new
    JOIN dunning.deeds AS old ON old.reference = new.reference
    WHERE (old.premise_no, old.payer_code, old.stage, old.as_of, old.channel)
       <> (new.premise_no, new.payer_code, new.stage, new.as_of, new.channel)
) AS found
ORDER BY found.reference
LIMIT 1
