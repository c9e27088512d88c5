"""Reminders and disconnections once more, plainly: one account of a crowd after the other."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from dunning.core.days import NEVER, to_day
from dunning.core.words import HOLD_REASONS, NOTICE_STAGES
from dunning.decisions.lists.channel_choice import mark_addresses
from tests.decisions.evidence import AS_OF, Evidence

TODAY = to_day(AS_OF)
NOT_AFTER = date(2026, 12, 2)  # a Wednesday, ten days on
SMALLEST = {"sms": 100, "email": 100, "post": 500}
ADDRESSES = {
    "sms": ("0888000001", "0878000002", "02 987 65 43"),
    "email": ("a@example.bg", "b@example.bg", "nobody"),
    "post": ("ул. Бор 1, 1000 София", "ул. Вяз 2, 1000 София", " "),
}


class PlainAccount:
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
