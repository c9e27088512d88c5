"""How much leaves at once: the most urgent of each group, whatever the order of the rows; nobody is
lost.
"""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dunning.decisions.lists.proposals import SCHEMAS, build_table
from dunning.decisions.lists.volume_limits import let_out, limit_reminders, withhold_handed_over
from dunning.policy.policies import load_policy

AS_OF = date(2026, 11, 22)
RULE = load_policy().at(AS_OF).release
STAGES, DISTRICTS = st.sampled_from(["overdue", "final_warning"]), st.sampled_from(["А", "Б"])
ROWS = st.lists(st.tuples(STAGES, DISTRICTS, st.integers(0, 3), st.integers(1, 3)), max_size=30)


def reminders(rows: list[tuple[str, str, int, int]]) -> pa.Table:
    """Messages of (stage, district, days since the oldest due day, euro), premises numbered."""
    columns = {
        "premise_no": [f"{n:03d}" for n in range(len(rows))],
        "payer_code": ["P"] * len(rows),
        "stage": [row[0] for row in rows],
        "district": [row[1] for row in rows],
        "oldest_due_on": [AS_OF - timedelta(days=row[2]) for row in rows],
        "principal_cents": [row[3] for row in rows],
    }
    schema = SCHEMAS["reminders"]
    return pa.table(
        [
            pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(len(rows), f.type)
            for f in schema
        ],
        schema=schema,
    )


def plain(rows: list[tuple[str, str, int, int]], limit: int) -> set[int]:
    """Who is let out, counted one by one."""
    order = sorted(range(len(rows)), key=lambda n: (-rows[n][2], -rows[n][3], n))
    out: set[int] = set()
    for place in order:
        same = [other for other in out if rows[other][:2] == rows[place][:2]]
        if len(same) < limit:
            out.add(place)
    return out


@given(rows=ROWS, limit=st.integers(0, 4), seed=st.integers(0, 99))
def test_the_most_urgent_of_each_stage_and_district_leave(
    rows: list, limit: int, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(rows))
    table = reminders(rows).take(pa.array(order))
    kept = let_out(table, "reminders", ("stage", "district"), np.full(len(rows), limit))
    assert set(order[kept].tolist()) == plain(rows, limit)


def test_the_rest_is_withheld_with_its_sum() -> None:
    rows = [("overdue", "А", n % 7, 1 + n) for n in range(RULE.district_rows_max["overdue"] + 2)]
    proposed = {name: schema.empty_table() for name, schema in SCHEMAS.items()} | {
        "reminders": reminders(rows)
    }
    ramped = limit_reminders(proposed, RULE)
    assert len(ramped["reminders"]) == RULE.district_rows_max["overdue"]
    held = ramped["withheld"].to_pylist()
    assert [(row["list"], row["stage"], row["reason"]) for row in held] == [
        ("reminders", "overdue", "ramp")
    ] * 2
    both = ramped["reminders"]["principal_cents"].to_pylist() + [
        row["principal_cents"] for row in held
    ]
    assert sorted(both) == [row[3] for row in rows]


def acts(list_name: str, premise_no: str, days_ago: int) -> pa.Table:
    day = AS_OF - timedelta(days=days_ago)
    return pa.table(
        {
            "list": [list_name],
            "premise_no": [premise_no],
            "payer_code": ["P"],
            "as_of": pa.array([day]),
        }
    )


def test_what_was_handed_over_stays_away_for_its_days() -> None:
    columns = {
        name: pa.array(["001"])
        if name == "premise_no"
        else pa.array(["P"])
        if name == "payer_code"
        else pa.nulls(1, SCHEMAS["disconnections"].field(name).type)
        if name != "principal_cents"
        else pa.array([700])
        for name in SCHEMAS["disconnections"].names
    }
    rows = build_table("disconnections", columns)
    proposed = {name: schema.empty_table() for name, schema in SCHEMAS.items()} | {
        "disconnections": rows
    }
    for days_ago, listed in ((29, 0), (30, 1)):
        after = withhold_handed_over(proposed, acts("disconnections", "001", days_ago), AS_OF, RULE)
        assert (len(after["disconnections"]), len(after["withheld"])) == (listed, 1 - listed)
    for other in (acts("court", "001", 1), acts("disconnections", "002", 1)):
        assert withhold_handed_over(proposed, other, AS_OF, RULE)["disconnections"].equals(rows)
