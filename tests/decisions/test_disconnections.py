"""Which premises are proposed for disconnection, and which are held back and why."""

from datetime import date
from typing import Any

import pytest

from dunning.decisions.lists.disconnections import propose_disconnections
from dunning.policy.policies import load_policy
from tests.decisions.evidence import AS_OF, Evidence

RULES = load_policy().at(AS_OF)
PAID_ON = date(2026, 11, 20)


def warned(service: str = "electricity", **account: Any) -> Evidence:
    """84,20 due on 15.09.2026, warned of on 20.10., served on 25.10.2026, 28 days before the
    night.
    """
    evidence = Evidence()
    evidence.premise(service=service)
    evidence.payer()
    evidence.account(**account)
    evidence.item(0, 8420, "2026-09-15")
    evidence.notice(0, "disconnection", "2026-10-20", "2026-10-25")
    return evidence


def rows(evidence: Evidence, table: str, paid_on: date | None = PAID_ON) -> list[dict[str, Any]]:
    proposed = propose_disconnections(
        evidence.bucket, evidence.decision, RULES, evidence.history, paid_on
    )
    return proposed[table].to_pylist()


def outcome(evidence: Evidence, paid_on: date | None = PAID_ON) -> list[int | str]:
    """The listed sums, then the reasons of withheld rows."""
    listed = [row["principal_cents"] for row in rows(evidence, "disconnections", paid_on)]
    return listed + [row["reason"] for row in rows(evidence, "withheld", paid_on)]


def test_a_premise_to_disconnect() -> None:
    expected = {
        "district": "Люлин",
        "route": "07",
        "premise_no": "0012344217",
        "payer_code": "900000000001",
        "stage": "overdue",
        "meter_no": "88",
        "address": "ул. Явор 3, 1324 София",
        "principal_cents": 8420,
        "items": 1,
        "oldest_due_on": date(2026, 9, 15),
        "warned_on": date(2026, 10, 25),
        "not_before": date(2026, 11, 24),
        "not_after": date(2026, 12, 2),
    }

    assert [expected] == rows(warned(), "disconnections")


def test_the_premise_of_a_heat_customer_is_never_considered() -> None:
    assert [] == outcome(warned("heat"))


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        ("2026-11-07", [8420]),
        ("2026-11-08", []),
        (None, []),
        ("2026-11-23", []),
        ("2026-10-25", [8420]),
    ],
)
def test_a_warning_counts_from_fifteen_days_after_it_was_served(
    served: str | None, expected: list[int]
) -> None:
    evidence = warned()
    evidence.sent.clear()
    evidence.notice(0, "disconnection", "2026-10-20", served)

    assert expected == outcome(evidence)


@pytest.mark.parametrize(("served", "expected"), [("2026-05-26", [8420]), ("2026-05-25", [])])
def test_a_warning_counts_no_longer_than_180_days(served: str, expected: list[int]) -> None:
    evidence = warned()
    evidence.sent.clear()
    evidence.rows["items"][0]["due_on"] = date(2026, 3, 1)
    evidence.notice(0, "disconnection", "2026-05-20", served)

    assert expected == outcome(evidence)


@pytest.mark.parametrize("stage", ["overdue", "final_warning"])
def test_other_notices_do_not_warn_of_disconnection(stage: str) -> None:
    evidence = warned()
    evidence.sent.clear()
    evidence.notice(0, stage, "2026-10-20", "2026-10-25")

    assert [] == outcome(evidence)


@pytest.mark.parametrize(("due", "expected"), [("2026-10-19", [8420]), ("2026-10-20", [])])
def test_only_what_was_overdue_when_the_warning_was_sent_counts(
    due: str, expected: list[int]
) -> None:
    evidence = warned()
    evidence.rows["items"][0]["due_on"] = date.fromisoformat(due)

    assert expected == outcome(evidence)


def test_twenty_days_overdue() -> None:
    results = []
    for due in ("2026-11-02", "2026-11-03"):
        evidence = warned()
        evidence.rows["items"][0]["due_on"] = date.fromisoformat(due)
        evidence.sent.clear()
        evidence.notice(0, "disconnection", "2026-11-04", "2026-11-07")
        results.append(outcome(evidence))

    assert [[8420], []] == results


def test_twenty_euro() -> None:
    results = []
    for cents in (2000, 1999):
        evidence = warned()
        evidence.open[0]["open_cents"] = cents
        results.append(outcome(evidence))

    assert [[2000], []] == results


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "adjudged"},
        {"kind": "court_costs"},
        {"is_expired": True},
        {"is_overdue": False},
        {"due": "2026-10-25"},
    ],
)
def test_what_leaves_the_sum(item: dict[str, Any]) -> None:
    evidence = warned()
    evidence.item(0, 100_000, **{"due": "2026-08-01"} | item)

    assert [8420] == outcome(evidence)


def test_the_sum_of_all_named_items_and_the_newest_warning() -> None:
    evidence = warned()
    evidence.item(0, 1000, "2026-10-25")
    evidence.notice(0, "disconnection", "2026-10-27", "2026-11-02")
    evidence.notice(0, "disconnection", "2026-10-27", "2026-11-01")
    row = rows(evidence, "disconnections")[0]

    assert (9420, 2, date(2026, 9, 15), date(2026, 11, 1)) == (
        row["principal_cents"],
        row["items"],
        row["oldest_due_on"],
        row["warned_on"],
    )


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"is_refused": True}, "refused_evidence"),
        ({"tenancy": None}, "no_tenancy"),
        ({"tenancy": "2015-01-01/2026-11-22"}, "no_tenancy"),
        ({"tenancy": "2026-11-23/"}, "no_tenancy"),
        ({"has_kept_agreement": True}, "kept_agreement"),
    ],
)
def test_what_withholds_an_account(account: dict[str, Any], reason: str) -> None:
    assert [reason] == outcome(warned(**account))


@pytest.mark.parametrize(
    ("tenancies", "expected"),
    [
        (["2015-01-01/2026-11-23"], ["no_tenancy"]),
        (["2015-01-01/2026-12-02"], ["no_tenancy"]),  # on 02.12. another may live there
        (["2015-01-01/2026-12-03"], [8420]),
        (["2015-01-01/2026-11-25", "2026-11-25/"], [8420]),  # the same payer goes on without a gap
        (["2015-01-01/2026-11-25", "2026-11-26/"], ["no_tenancy"]),
        (["2015-01-01/2026-11-28", "2026-11-20/2026-11-24", "2026-11-24/2026-12-04"], [8420]),
        (["2010-01-01/2012-01-01", "2026-11-22/"], [8420]),
    ],
)
def test_the_debtor_lives_there_until_the_last_day(
    tenancies: list[str], expected: list[int | str]
) -> None:
    evidence = warned(tenancy=None)
    for tenancy in sorted(tenancies):
        first, _, end = tenancy.partition("/")
        until = date.fromisoformat(end) if end else None
        evidence.add(
            "tenancies",
            account=0,
            valid_from=date.fromisoformat(first),
            valid_until=until,
            share="1",
        )

    assert expected == outcome(evidence)


@pytest.mark.parametrize(
    ("flag", "reason"), [("is_vulnerable", "vulnerable"), ("is_life_support", "life_support")]
)
@pytest.mark.parametrize("table", ["premises", "payers"])
def test_the_vulnerable_are_not_cut_off(table: str, flag: str, reason: str) -> None:
    evidence = warned()
    evidence.rows[table][0][flag] = True

    assert [reason] == outcome(evidence)


@pytest.mark.parametrize(
    ("tenancy", "expected"),
    [
        ("2020-01-01/", ["vulnerable"]),
        ("2020-01-01/2026-11-22", [8420]),
        ("2026-12-02/", ["vulnerable"]),
        ("2026-12-03/", [8420]),
        ("2020-01-01/2026-11-23", ["vulnerable"]),
    ],
)
def test_nor_is_anybody_who_lives_with_them(tenancy: str, expected: list[int | str]) -> None:
    evidence = warned()
    evidence.payer("900000000002", is_vulnerable=True)
    evidence.account(payer=1, stage="current", tenancy=tenancy)

    assert expected == outcome(evidence)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-01", None, ["life_support"]),
        ("2026-12-02", None, ["life_support"]),  # begins on the last day of the window
        ("2026-12-03", None, [8420]),
        ("2026-01-01", "2026-11-23", ["life_support"]),
        ("2026-01-01", "2026-11-22", [8420]),
    ],
)
@pytest.mark.parametrize("whom", [{"payer": 1}, {"payer": 0}, {"premise": 0}])
def test_a_hold_protects_whoever_it_names(
    whom: dict[str, int], since: str, until: str | None, expected: list[int | str]
) -> None:
    evidence = warned()
    evidence.payer("900000000002")
    evidence.account(payer=1, stage="current", tenancy="2020-01-01/")
    evidence.protect("life_support", since, until, **whom)

    assert expected == outcome(evidence)


def test_a_hold_and_a_tenancy_must_meet_within_the_window() -> None:
    found = []
    for tenancy in ("2026-11-26/", "2026-11-25/", "2020-01-01/2026-11-24"):
        evidence = warned()
        evidence.payer("900000000002")
        evidence.account(payer=1, stage="current", tenancy=tenancy)
        evidence.protect("vulnerable", "2026-11-24", "2026-11-26", payer=1)
        found.append(outcome(evidence))

    assert [[8420], ["vulnerable"], [8420]] == found


def test_a_hold_of_another_reason_or_of_somebody_elsewhere_protects_nobody_here() -> None:
    evidence = warned()
    evidence.premise("0012349999")
    evidence.payer("900000000002")
    evidence.account(premise=1, payer=1, stage="current")
    evidence.protect("life_support", "2026-01-01", payer=1)
    evidence.protect("life_support", "2026-01-01", premise=1)
    evidence.hold(0, "complaint")

    assert [8420] == outcome(evidence)


def test_without_a_window_the_longest_one_is_looked_at() -> None:
    evidence = warned(tenancy="2015-01-01/2026-12-02")

    assert ["no_tenancy"] == outcome(evidence, date(2026, 12, 1))


def test_a_plan_of_anybody_at_the_premise_is_kept() -> None:
    evidence = warned()
    evidence.payer("900000000002")
    evidence.account(payer=1, stage="current", has_kept_agreement=True)

    assert ["kept_agreement"] == outcome(evidence)


def test_one_row_a_premise_the_larger_debt() -> None:
    evidence = warned()
    evidence.payer("900000000002")
    evidence.account(payer=1)
    evidence.item(1, 9000, "2026-09-15")
    evidence.notice(1, "disconnection", "2026-10-20", "2026-10-25")
    listed = rows(evidence, "disconnections")

    assert [("900000000002", 9000)] == [
        (row["payer_code"], row["principal_cents"]) for row in listed
    ]
    assert [("disconnections", "900000000001", "overdue", 8420, "same_premise")] == [
        (row["list"], row["payer_code"], row["stage"], row["principal_cents"], row["reason"])
        for row in rows(evidence, "withheld")
    ]


def test_a_withheld_account_does_not_stand_in_the_way_of_another() -> None:
    evidence = warned(is_refused=True)
    evidence.payer("900000000002")
    evidence.account(payer=1)
    evidence.item(1, 3000, "2026-09-15")
    evidence.notice(1, "disconnection", "2026-10-20", "2026-10-25")

    assert [3000, "refused_evidence"] == outcome(evidence)


def test_without_a_lawful_day_nothing_is_listed() -> None:
    assert ["no_lawful_day"] == outcome(warned(), date(2026, 12, 1))
