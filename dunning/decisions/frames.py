"""The decision on one bucket: three frames with places in the bucket's own tables."""

from dataclasses import dataclass

from dunning.core.frames import Frame


@dataclass(frozen=True)
class Decision:
    """The state of one bucket's accounts at the end of a day.

    as_of: that day (number).
    accounts: one row per account that exists on `as_of`, by place: account (place), stage
        (words.STAGES), open_cents, overdue_cents, interest_cents, credit_cents, shielded_cents,
        overdue_items, oldest_due_on, days_overdue, limitation_on, next_stage (-1: none), next_on,
        reasons (text), why_not (text), rule (text), is_limitation_near, has_kept_agreement.
        `overdue_*`, `oldest_due_on`, `days_overdue`, `limitation_on` are of unprotected overdue
        items.
    open_items: one row per open item, by place: item, account (places), amount_cents, open_cents,
        interest_cents, days_overdue, shield (words.PROTECTIONS), limitation_on; flags is_overdue (due
        before as_of and unprotected), is_expired, may_be_claimed (section 4; overdue included),
        is_named_by_<notice> (may be claimed and named by such a notice that counts, one flag per
        notice of the ladder), is_in_stage (counts for a rung by which the stage was reached).
    pieces: one row per settlement piece of accounts with something overdue (protected or not), by
        item, settled_on and payment: item, payment (places), settled_on, amount_minor, is_bgn, rule
        (words.RULES).
    """

    as_of: int
    accounts: Frame
    open_items: Frame
    pieces: Frame
