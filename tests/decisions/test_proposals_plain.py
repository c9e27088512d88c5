"""Columnar proposals against the same rules written plainly, one account after the other, for
random crowds.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from dunning.core.words import NOTICE_STAGES
from dunning.decisions.lists.contact_points import normalise_emails, normalise_mobiles
from dunning.decisions.lists.disconnections import propose_disconnections
from dunning.decisions.lists.proposals import merge_proposed
from dunning.decisions.lists.reminders import propose_reminders
from dunning.policy.policies import load_policy
from tests.decisions.evidence import AS_OF, Evidence
from tests.oracle.proposals import (
    ADDRESSES,
    PlainAccount,
    normalise_emails_one,
    normalise_mobiles_one,
)

RULES = load_policy().at(AS_OF)


def draw(seed: int) -> Evidence:
    """Three premises, four payers and all their accounts, with days close to the edges."""
    random, evidence = Random(seed), Evidence()

    def near(*days: int) -> str:
        return (AS_OF - timedelta(random.choice(days) + random.choice((-1, 0, 1)))).isoformat()

    def ahead(*days: int) -> str:
        return (AS_OF + timedelta(random.choice(days) + random.choice((-1, 0, 1)))).isoformat()

    for number in range(3):
        rare = [random.random() < 0.1 for _ in range(3)]
        evidence.premise(
            f"00{number}",
            random.choice(("heat", "electricity", "electricity")),
            is_vulnerable=rare[0],
            is_life_support=rare[1],
            has_refused_evidence=rare[2],
        )
    for number in range(4):
        postal = random.choice((None, "бул. Рила 5"))
        evidence.payer(f"9{number}", postal_address=postal, is_vulnerable=random.random() < 0.1)
        drawn = {
            (
                channel,
                random.choice(ADDRESSES[channel]),
                near(0, 40, 400),
                random.choice((None, near(0))),
            )
            for channel in random.choices(list(ADDRESSES), k=random.randrange(4))
        }
        for channel, address, since, until in sorted(
            drawn, key=lambda c: (list(ADDRESSES).index(c[0]), c[2], c[1])
        ):
            evidence.contact(number, channel, address, since, until)
    for premise in range(3):
        for payer in range(4):
            tenancy = random.choice(
                (
                    None,
                    "2020-01-01/",
                    "2020-01-01/",
                    f"2020-01-01/{near(0)}",
                    f"{near(0)}/",
                    f"2020-01-01/{ahead(4, 10)}",
                    f"{ahead(4, 10)}/",
                )
            )
            stage = random.choice(
                ("current", "overdue", "overdue", "final_warning", "final_warning", "court_bound")
            )
            account = evidence.account(
                premise, payer, stage, tenancy, random.random() < 0.1, random.random() < 0.12
            )
            for _ in range(random.randrange(4)):
                evidence.item(
                    account,
                    random.choice(
                        (99, 100, 499, 500, 1000, 1999, 2000, 5000, 5000, 9999, 20000, 20000)
                    ),
                    near(20, 40, 100, 200),
                    random.choice(("bill", "bill", "fee", "adjudged", "court_costs")),
                    is_expired=random.random() < 0.15,
                    is_overdue=random.random() < 0.85,
                    is_in_stage=random.random() < 0.7,
                    limitation_on=random.choice(("2028-01-01", "2028-01-01", ahead(35, 80))),
                )
            for _ in range(random.randrange(4)):
                sent = near(20, 30, 100, 180)
                served = (
                    date.fromisoformat(sent) + timedelta(random.choice((0, 1, 5)))
                ).isoformat()
                stage = random.choice((*NOTICE_STAGES, "disconnection", "disconnection"))
                failed = random.choice((None, None, near(0)))
                evidence.notice(
                    account, stage, sent, random.choice((None, served, near(15, 180))), failed
                )
            if random.random() < 0.4:
                evidence.item(account, random.choice((1999, 2000, 5000)), near(21))
                evidence.notice(account, "disconnection", near(19), near(16))
    for number in range(4):
        for channel in ADDRESSES:
            if random.random() < 0.2:
                boxes = (None, "бул. Рила 5", "ул. Бор 1, 1000 София")
                evidence.fail(
                    number, channel, near(0, 40, 400), random.randrange(3), random.choice(boxes)
                )
    for reason in ("life_support", "vulnerable"):
        for whom in ("payer", "premise"):
            if random.random() < 0.3:
                ends = random.choice((None, ahead(0, 4, 10)))
                evidence.protect(
                    reason,
                    random.choice((near(30), ahead(4, 10))),
                    ends,
                    **{whom: random.randrange(3)},
                )
    return evidence


def test_the_plain_addresses_are_the_real_ones() -> None:
    mobiles, emails = ADDRESSES["sms"], ADDRESSES["email"]

    assert [normalise_mobiles_one(a) for a in mobiles] == normalise_mobiles(
        pa.array(mobiles)
    ).to_pylist()
    assert [normalise_emails_one(a) for a in emails] == normalise_emails(
        pa.array(emails)
    ).to_pylist()


def by_account(rows: list[dict[str, Any]], *names: str) -> dict[tuple[str, str], tuple]:
    return {
        (row["premise_no"], row["payer_code"]): tuple(row[name] for name in names) for row in rows
    }


@pytest.mark.parametrize("seed", range(60))
def test_reminders_are_what_the_plain_rules_say(seed: int) -> None:
    evidence = draw(seed)
    proposed = propose_reminders(evidence.bucket, evidence.decision, RULES, evidence.history)
    actual = by_account(
        proposed["reminders"].to_pylist(), "stage", "principal_cents", "channel", "address"
    )
    actual |= by_account(proposed["withheld"].to_pylist(), "stage", "principal_cents", "reason")
    plain = {
        (row["premise_no"], row["payer_code"]): PlainAccount(evidence, place).reminder()
        for place, row in enumerate(evidence.rows["accounts"])
    }

    assert {key: found for key, found in plain.items() if found} == actual


@pytest.mark.parametrize("seed", range(60))
def test_disconnections_are_what_the_plain_rules_say(seed: int) -> None:
    evidence = draw(seed)
    proposed = propose_disconnections(
        evidence.bucket, evidence.decision, RULES, evidence.history, AS_OF
    )
    actual = by_account(proposed["disconnections"].to_pylist(), "principal_cents")
    held = by_account(proposed["withheld"].to_pylist(), "principal_cents", "reason")
    plain = {
        (row["premise_no"], row["payer_code"]): PlainAccount(evidence, place).disconnection()
        for place, row in enumerate(evidence.rows["accounts"])
    }
    free: dict[str, list[tuple[int, str]]] = {}
    for (premise, payer), (cents, reason) in plain.items():
        if reason == "":
            free.setdefault(premise, []).append((-cents, payer))
    chosen = {(premise, min(claims)[1]): (-min(claims)[0],) for premise, claims in free.items()}
    rest = {
        key: (cents, reason or "same_premise")
        for key, (cents, reason) in plain.items()
        if reason != "not_considered" and key not in chosen
    }

    assert (chosen, rest) == (actual, held)


def test_the_crowds_reach_every_outcome() -> None:
    reasons, channels = set(), set()
    for seed in range(60):
        evidence = draw(seed)
        reminders = propose_reminders(evidence.bucket, evidence.decision, RULES, evidence.history)
        others = propose_disconnections(
            evidence.bucket, evidence.decision, RULES, evidence.history, AS_OF
        )
        merged = merge_proposed([reminders, others])
        reasons |= {(row["list"], row["reason"]) for row in merged["withheld"].to_pylist()}
        channels |= {(row["stage"], row["channel"]) for row in merged["reminders"].to_pylist()}

    assert {
        (stage, channel) for stage in ("overdue", "final_warning") for channel in ADDRESSES
    } == channels
    expected = {
        "reminders": "refused_evidence expired_only no_address below_channel_minimum",
        "disconnections": "refused_evidence no_tenancy life_support vulnerable kept_agreement same_premise",
    }
    assert {
        (name, reason) for name, those in expected.items() for reason in those.split()
    } == reasons


def test_buckets_in_any_order_give_the_same_lists() -> None:
    parts = []
    for seed in range(4):
        evidence = draw(seed)
        for row in evidence.rows["premises"] + evidence.rows["accounts"]:
            row["premise_no"] = f"{seed}{row['premise_no']}"
        parts.append(propose_reminders(evidence.bucket, evidence.decision, RULES, evidence.history))

    assert merge_proposed(parts) == merge_proposed(reversed(parts))
