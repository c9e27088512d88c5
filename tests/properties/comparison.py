"""The fast decisions and the plain ones side by side, field by field."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from dunning.core import words
from dunning.core.days import NEVER, to_date
from dunning.core.frames import Bucket, Frame
from dunning.decisions.account.classify import decide as decide_fast
from dunning.decisions.frames import Decision
from tests.oracle.bucket import make_bucket, make_history, make_rules
from tests.oracle.facts import STAGES, Facts, Policy
from tests.oracle.next_day import next_rise
from tests.oracle.stages import Decision as PlainDecision
from tests.oracle.stages import decide as decide_plainly

Key = tuple[str, ...]
Row = dict[str, Any]

ACCOUNT_DAYS = ("oldest_due_on", "limitation_on", "next_on")
ACCOUNT_NUMBERS = (
    "open_cents",
    "overdue_cents",
    "interest_cents",
    "credit_cents",
    "shielded_cents",
    "overdue_items",
    "days_overdue",
)
FLAGS = ("is_overdue", "is_expired", "may_be_claimed")
# Of the fast decisions, and what the oracle calls it.
NAMED_BY = {"is_named_by_overdue": "is_warned", "is_named_by_final_warning": "is_last_warned"}


def decide_crowd(crowd: Sequence[Facts], policy: Policy, as_of: date) -> tuple[Bucket, Decision]:
    """Return the bucket of a crowd and what the columnar decisions say of it."""
    bucket = make_bucket(crowd, policy)
    history = make_history(bucket, crowd, policy, as_of)
    return bucket, decide_fast(bucket, as_of, make_rules(policy), history)


def disagreements(crowd: Sequence[Facts], policy: Policy, as_of: date) -> list[str]:
    """Return one line per field in which the fast and the plain decisions differ; empty where they
    agree.
    """
    bucket, fast = decide_crowd(crowd, policy, as_of)
    plain = [d for d in (decide_plainly(facts, policy, as_of) for facts in crowd) if d]
    return [
        *_differences("account", fast_accounts(bucket, fast), plain_accounts(plain, policy)),
        *_differences("open item", fast_items(bucket, fast), plain_items(plain)),
        *_piece_differences(fast_pieces(bucket, fast), plain_pieces(plain)),
    ]


def fast_accounts(bucket: Bucket, decision: Decision) -> dict[Key, Row]:
    """Return the fast accounts as plain rows by premise and payer."""
    accounts = decision.accounts
    rows = {}
    names = [_account_of(bucket, place) for place in accounts["account"]]
    for n, key in enumerate(names):
        next_stage = int(accounts["next_stage"][n])
        rows[key] = {
            "stage": words.STAGES[accounts["stage"][n]],
            "next_stage": None if next_stage < 0 else words.STAGES[next_stage],
            "is_limitation_near": bool(accounts["is_limitation_near"][n]),
            "has_limitation_near": "limitation_near"
            in accounts.text("reasons")[n].as_py().split(" "),
            "has_kept_agreement": bool(accounts["has_kept_agreement"][n]),
            **{name: int(accounts[name][n]) for name in ACCOUNT_NUMBERS},
            **{name: _date(accounts[name][n]) for name in ACCOUNT_DAYS},
        }
    assert len(rows) == len(accounts), "one row per account"
    return rows


def plain_accounts(decisions: Iterable[PlainDecision], policy: Policy) -> dict[Key, Row]:
    """Return the same rows out of the oracle."""
    rows = {}
    for decision in decisions:
        rise = next_rise(decision.facts, policy, decision.as_of)
        rows[(decision.facts.premise_no, decision.facts.payer_code)] = {
            "stage": STAGES[decision.stage],
            "next_stage": STAGES[rise[0]] if rise else None,
            "next_on": rise[1] if rise else None,
            "has_limitation_near": decision.is_limitation_near,
            **{
                name: getattr(decision, name)
                for name in (
                    *ACCOUNT_NUMBERS,
                    "oldest_due_on",
                    "limitation_on",
                    "is_limitation_near",
                    "has_kept_agreement",
                )
            },
        }
    return rows


def fast_items(bucket: Bucket, decision: Decision) -> dict[Key, Row]:
    """Return the fast open items as plain rows by invoice number."""
    items, rows = decision.open_items, {}
    for n, place in enumerate(items["item"]):
        rows[(bucket.items.text("invoice_no")[int(place)].as_py(),)] = {
            "account": _account_of(bucket, items["account"][n]),
            "shield": words.PROTECTIONS[items["shield"][n]],
            "limitation_on": _date(items["limitation_on"][n]),
            **{
                name: int(items[name][n])
                for name in ("amount_cents", "open_cents", "interest_cents", "days_overdue")
            },
            **{name: bool(items[name][n]) for name in (*FLAGS, *NAMED_BY, "is_in_stage")},
        }
    assert len(rows) == len(items), "one row per open item"
    return rows


def plain_items(decisions: Iterable[PlainDecision]) -> dict[Key, Row]:
    """Return the same rows out of the oracle."""
    return {
        (item.invoice.invoice_no,): {
            "account": (decision.facts.premise_no, decision.facts.payer_code),
            "shield": item.shield or "",
            "limitation_on": item.limitation_on,
            "amount_cents": decision.amounts[item.invoice.invoice_no],
            "open_cents": item.open_cents,
            "interest_cents": decision.interest[item.invoice.invoice_no],
            "days_overdue": max((decision.as_of - item.invoice.due_on).days, 0),
            **{name: getattr(item, name) for name in FLAGS},
            **{name: getattr(item, plain) for name, plain in NAMED_BY.items()},
            "is_in_stage": item in decision.in_stage,
        }
        for decision in decisions
        for item in decision.items
    }


def fast_pieces(bucket: Bucket, decision: Decision) -> "Counter[Key]":
    """Return the fast settlement pieces, counted."""
    pieces = decision.pieces
    return Counter(
        (
            bucket.items.text("invoice_no")[int(pieces["item"][n])].as_py(),
            bucket.payments.text("payment_no")[int(pieces["payment"][n])].as_py(),
            str(bool(bucket.payments["is_note"][pieces["payment"][n]])),
            str(_date(pieces["settled_on"][n])),
            str(pieces["amount_minor"][n]),
            "BGN" if pieces["is_bgn"][n] else "EUR",
            words.RULES[pieces["rule"][n]],
        )
        for n in range(len(pieces))
    )


def plain_pieces(decisions: Iterable[PlainDecision]) -> "Counter[Key]":
    """Return the same pieces out of the oracle."""
    return Counter(
        (
            piece.invoice_no,
            piece.payment_no,
            str(piece.is_note),
            str(piece.settled_on),
            str(piece.amount_minor),
            piece.currency,
            piece.rule,
        )
        for decision in decisions
        if decision.has_something_overdue
        for piece in decision.pieces
    )


def _account_of(bucket: Bucket, place: int) -> Key:
    accounts: Frame = bucket.accounts
    return tuple(accounts.text(name)[int(place)].as_py() for name in ("premise_no", "payer_code"))


def _date(day: int) -> date | None:
    return None if day == NEVER else to_date(int(day))


def _differences(what: str, fast: dict[Key, Row], plain: dict[Key, Row]) -> list[str]:
    found = [f"{what} {' '.join(key)}: only fast" for key in sorted(fast.keys() - plain.keys())]
    found += [f"{what} {' '.join(key)}: only plain" for key in sorted(plain.keys() - fast.keys())]
    for key in sorted(fast.keys() & plain.keys()):
        for name in sorted(fast[key].keys() | plain[key].keys()):
            left, right = fast[key].get(name), plain[key].get(name)
            if left != right:
                found.append(f"{what} {' '.join(key)}: {name} is {left} fast, {right} plain")
    return found


def _piece_differences(fast: "Counter[Key]", plain: "Counter[Key]") -> list[str]:
    return [f"piece {' '.join(p)}: only fast" for p in sorted((fast - plain).elements())] + [
        f"piece {' '.join(p)}: only plain" for p in sorted((plain - fast).elements())
    ]
