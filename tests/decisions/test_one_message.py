"""Who stands on a list whose action says it all gets no other message; and for how long."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from dunning.decisions.lists.one_message import silence_listed
from dunning.decisions.lists.proposals import SCHEMAS, Proposed
from dunning.gateways.store.rows import HANDED_OVER, SILENCES
from dunning.policy.policies import load_policy

AS_OF = date(2026, 11, 22)
RULES = load_policy().at(AS_OF)


def proposals(**lists: list[dict[str, Any]]) -> Proposed:
    """A message to account 1 of premise 0001, and what else is given."""
    given = {"reminders": [{"stage": "overdue", "principal_cents": 18420}], **lists}
    account = {"premise_no": "0001", "payer_code": "1"}
    return {
        name: pa.Table.from_pylist([account | row for row in given.get(name, [])], schema)
        for name, schema in SCHEMAS.items()
    }


def outcome(
    proposed: Proposed, acts: Sequence[tuple[str, int]] = (), silent_for: int | None = None
) -> str:
    handed = [
        {"list": name, "premise_no": "0001", "payer_code": "1", "as_of": AS_OF - timedelta(days)}
        for name, days in acts
    ]
    since = [] if silent_for is None else [AS_OF - timedelta(silent_for)]
    silences = [{"premise_no": "0001", "payer_code": "1", "since": day} for day in since]
    found = silence_listed(
        proposed,
        pa.Table.from_pylist(handed, HANDED_OVER),
        pa.Table.from_pylist(silences, SILENCES),
        AS_OF,
        RULES,
    )
    held = [row["reason"] for row in found["withheld"].to_pylist() if row["list"] == "reminders"]
    assert len(found["reminders"]) + len(held) == 1
    return held[0] if held else "sent"


CUT = {"disconnections": [{"stage": "overdue", "principal_cents": 18420}]}


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({}, "sent"),
        (CUT, "on_list"),
        ({"disconnections": [{"payer_code": "2"}]}, "sent"),
        ({"disconnections": [{"premise_no": "0002"}]}, "sent"),
        ({"court": [{"part": "ready"}]}, "on_list"),
        ({"court": [{"part": "person"}]}, "sent"),
        ({"withheld": [{"list": "disconnections", "reason": "vulnerable"}]}, "sent"),
    ],
)
def test_a_list_of_tonight_silences(lists: dict[str, list[dict[str, Any]]], expected: str) -> None:
    assert expected == outcome(proposals(**lists))


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([("disconnections", 1)], "on_list"),
        ([("disconnections", 29)], "on_list"),
        ([("disconnections", 30)], "sent"),
        ([("court", 119)], "on_list"),
        ([("court", 120)], "sent"),
    ],
)
def test_what_was_handed_over_silences_as_long_as_it_counts(
    acts: list[tuple[str, int]], expected: str
) -> None:
    assert expected == outcome(proposals(), acts, silent_for=100)


@pytest.mark.parametrize(
    ("days", "expected"), [(1, "on_list"), (13, "on_list"), (14, "sent"), (40, "sent")]
)
def test_what_waits_silences_for_fourteen_days_in_a_row(days: int, expected: str) -> None:
    assert expected == outcome(proposals(**CUT), silent_for=days)
