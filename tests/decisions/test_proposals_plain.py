"""Columnar proposals against the same rules written plainly, one account after the other, for
random crowds.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from dunning.core.days import NEVER, to_day
from dunning.core.words import HOLD_REASONS, NOTICE_STAGES
from dunning.decisions.lists.channel_choice import mark_addresses
from dunning.decisions.lists.contact_points import normalise_emails, normalise_mobiles
from dunning.decisions.lists.disconnections import propose_disconnections
from dunning.decisions.lists.proposals import merge_proposed
from dunning.decisions.lists.reminders import propose_reminders
from dunning.policy.policies import load_policy
from tests.decisions.evidence import AS_OF, Evidence

RULES = load_policy().at(AS_OF)
TODAY = to_day(AS_OF)
NOT_AFTER = date(2026, 12, 2)  # a Wednesday, ten days on
SMALLEST = {"sms": 100, "email": 100, "post": 500}
ADDRESSES = {
    "sms": ("0888000001", "0878000002", "02 987 65 43"),
    "email": ("a@example.bg", "b@example.bg", "nobody"),
    "post": ("ул. Бор 1, 1000 София", "ул. Вяз 2, 1000 София", " "),
}


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


class Plain:
    """The rules of issue 2, point 6, for one account."""

    def __init__(self, evidence: Evidence, account: int) -> None:
        self.rows, self.account, self.evidence = evidence.rows, account, evidence
        self.row = evidence.rows["accounts"][account]
        self.payer = self.rows["payers"][self.row["payer"]]
        self.premise = self.rows["premises"][self.row["premise"]]
        self.stage = evidence.stages[account]
        self.items = [
            item
            | {
                "due_on": self.rows["items"][item["item"]]["due_on"],
                "kind": self.rows["items"][item["item"]]["kind"],
            }
            for item in evidence.open
            if item["account"] == account
        ]
        self.notices = [
            n | {"word": NOTICE_STAGES[n["stage"]]}
            for n in evidence.sent
            if n["account"] == account
        ]

    def is_tenant(self, account: int, day: date = AS_OF) -> bool:
        own = [t for t in self.rows["tenancies"] if t["account"] == account]
        return any(covers(t, day) for t in own)

    def is_protected(self, reason: str, day: date) -> bool:
        """Whether the premise or anybody who lives there on that day is."""
        there = {
            a["payer"]
            for place, a in enumerate(self.rows["accounts"])
            if a["premise"] == self.row["premise"] and self.is_tenant(place, day)
        }
        people = [self.premise, *(self.rows["payers"][payer] for payer in there)]
        held = [
            p
            for p in self.rows["protections"]
            if HOLD_REASONS[p["reason"]] == reason and covers(p, day)
        ]
        named = any(p["premise"] == self.row["premise"] or p["payer"] in there for p in held)
        return named or any(p[f"is_{reason}"] for p in people)

    def reach(self) -> tuple[str, str] | None:
        usable = {
            "sms": lambda a: normalise_mobiles_one(a),
            "email": lambda a: normalise_emails_one(a),
            "post": lambda a: a.strip() or None,
        }
        failed = {
            f["channel"]: f
            for f in self.evidence.failed
            if f["payer_code"] == self.payer["payer_code"]
        }
        for number, channel in enumerate(ADDRESSES):
            known = [
                c
                for c in self.rows["contacts"]
                if c["payer"] == self.row["payer"]
                and c["channel"] == number
                and c["registered_at"].date() <= AS_OF
            ]
            if known:
                newest = max(c["registered_at"] for c in known)
                working = sorted(
                    usable[channel](c["address"])
                    for c in known
                    if c["registered_at"] == newest
                    and usable[channel](c["address"])
                    and (c["revoked_at"] is None or c["revoked_at"].date() > AS_OF)
                )
                is_out = channel in failed and newest.date() <= failed[channel]["sent_on"]
                if working and not (
                    is_out and (channel != "post" or self.came_back(failed, working[0]))
                ):
                    return channel, working[0]
                if channel == "post":
                    return None
        box = self.payer["postal_address"] or (
            "ул. Явор 3, 1324 София" if self.is_tenant(self.account) else None
        )
        return None if box is None or self.came_back(failed, box) else ("post", box)

    def came_back(self, failed: dict[str, Any], box: str) -> bool:
        """Whether a letter to this address is one that came back, as far as is known."""
        if "post" not in failed:
            return False
        written_to = failed["post"]["written_to"]
        if written_to is not None:
            return written_to == mark_addresses(pa.array([box]))[0].as_py()
        return (
            bool(self.payer["postal_address"])
            or failed["post"]["premise_no"] == self.premise["premise_no"]
        )

    def may_reach_the_court(self, looked_at: list[dict[str, Any]]) -> bool:
        """Whether, on a day on which a warning of tonight counts, what it names is 100,00 and 180
        days old.
        """
        for day in range(TODAY + 5 + 30, TODAY + 1 + 180 + 1):
            left = [i for i in looked_at if i["is_overdue"] and i["limitation_on"] > day]
            old = any(day - to_day(i["due_on"]) >= 180 for i in left)
            if old and sum(i["open_cents"] for i in left) >= 10000:
                return True
        return False

    def reminder(self) -> tuple | None:
        sent = [
            n
            for n in self.notices
            if n["word"] in ("overdue", "final_warning") and n["sent_on"] <= TODAY
        ]
        looked_at = [i for i in self.items if i["is_in_stage"]]
        warned = any(
            n["word"] == "final_warning"
            and n["failed_on"] > TODAY
            and TODAY - n["sent_on"] < 180
            and all(to_day(i["due_on"]) < n["sent_on"] for i in looked_at)
            for n in sent
        )
        if self.stage == "final_warning" and not warned and self.may_reach_the_court(looked_at):
            kind, demanded = (
                "final_warning",
                [i for i in looked_at if i["is_overdue"] and not i["is_expired"]],
            )
        elif self.stage != "current" and all(
            TODAY - n["sent_on"] >= 30 or n["failed_on"] <= TODAY for n in sent
        ):
            kind, demanded = (
                "overdue",
                [i for i in self.items if i["is_overdue"] and not i["is_expired"]],
            )
        else:
            return None
        cents, reached = sum(i["open_cents"] for i in demanded), self.reach()
        if self.row["has_refused_evidence"]:
            return kind, cents, "refused_evidence"
        if cents == 0:
            return kind, cents, "expired_only"
        if reached is None:
            return kind, cents, "no_address"
        return (
            (kind, cents, "below_channel_minimum")
            if cents < SMALLEST[reached[0]]
            else (kind, cents, *reached)
        )

    def disconnection(self) -> tuple[int, str]:
        """The sum that a warning names and why it is not listed; "" where nothing speaks against
        it.
        """
        sent = [
            n["sent_on"]
            for n in self.notices
            if n["word"] == "disconnection"
            and n["sent_on"] <= TODAY
            and n["served_on"] < NEVER
            and 15 <= TODAY - n["served_on"] <= 180
        ]
        named = [
            i
            for i in self.items
            if i["is_overdue"]
            and not i["is_expired"]
            and i["kind"] not in (6, 8)
            and any(to_day(i["due_on"]) < day for day in sent)
        ]
        cents = sum(i["open_cents"] for i in named)
        if not self.premise["is_disconnectable"] or cents < 2000:
            return 0, "not_considered"
        if TODAY - min(to_day(i["due_on"]) for i in named) < 20:
            return 0, "not_considered"
        days = [AS_OF + timedelta(n) for n in range((NOT_AFTER - AS_OF).days + 1)]
        bars = {
            "refused_evidence": self.row["has_refused_evidence"]
            or self.premise["has_refused_evidence"],
            "no_tenancy": not all(self.is_tenant(self.account, day) for day in days),
            "life_support": any(self.is_protected("life_support", day) for day in days),
            "vulnerable": any(self.is_protected("vulnerable", day) for day in days),
            "kept_agreement": any(
                self.evidence.kept[place]
                for place, a in enumerate(self.rows["accounts"])
                if a["premise"] == self.row["premise"]
            ),
        }
        return cents, next((reason for reason, holds in bars.items() if holds), "")


def covers(row: dict[str, Any], day: date) -> bool:
    return row["valid_from"] <= day and (row["valid_until"] is None or row["valid_until"] > day)


def normalise_mobiles_one(address: str) -> str | None:
    return {"0888000001": "+359888000001", "0878000002": "+359878000002"}.get(address)


def normalise_emails_one(address: str) -> str | None:
    return address if "@" in address else None


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
        (row["premise_no"], row["payer_code"]): Plain(evidence, place).reminder()
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
        (row["premise_no"], row["payer_code"]): Plain(evidence, place).disconnection()
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
