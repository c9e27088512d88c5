"""Closed lists of words of the contract; a word's place in its tuple is its code (int8).

Frames store codes.
"""

from dunning.core import ladder

SERVICES = ("heat", "electricity")
PAYER_KINDS = ("person", "company")
ITEM_KINDS = (
    "bill",
    "forecast",
    "equalisation",
    "share_fee",
    "fee",
    "interest_note",
    "adjudged",
    "adjudged_interest",
    "court_costs",
    "payout",
)
PAYOUT = "payout"  # money paid back: settled like any item, but never overdue, and on no list
DEBT_KINDS = tuple(kind for kind in ITEM_KINDS if kind != PAYOUT)
CREDIT_NOTE = "credit_note"
STAGES = ladder.STAGES
NOTICE_STAGES = ladder.NOTICE_STAGES
CHANNELS = ("sms", "email", "post")
HOLD_REASONS = (
    "dispute",
    "complaint",
    "deceased",
    "insolvency",
    "vulnerable",
    "life_support",
    "manual",
    "application",
    "promise",
)
# Hold reasons that protect the people at a premise, whatever the hold is on: no disconnection.
PROTECTING = ("vulnerable", "life_support")
CASE_STAGES = ("filed", "order_issued", "enforcement", "closed")
CASE_OUTCOMES = ("granted", "rejected", "withdrawn", "paid")
PROTECTIONS = ("", "court", "agreement", "hold")
IDENTIFIERS = ("ok", "missing", "wrong")
RULES = ("named", "oldest", "carried")
CURRENCIES = ("EUR", "BGN")
LANGUAGES = ("bg", "en")
# Data of a ledger that protects people: whole tables, and columns of others (by their filled or
# true cells).
PROTECTING_TABLES = (
    "holds",
    "agreements",
    "agreement_items",
    "instalments",
    "court_cases",
    "court_case_items",
)
PROTECTING_COLUMNS = {
    "premises": ("vulnerable", "life_support"),
    "payers": ("vulnerable", "life_support"),
    "tenancies": ("valid_until",),
    "contacts": ("revoked_at",),
    "agreements": ("signed_on",),
}


def code(words: tuple[str, ...], word: str) -> int:
    """Return a word's code.

    >>> code(STAGES, "court_bound")
    3
    """
    return words.index(word)
