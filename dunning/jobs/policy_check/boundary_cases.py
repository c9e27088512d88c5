"""Invented accounts on both sides of every boundary of a policy, used by the policy check."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product

from dunning.core import words
from dunning.core.ladder import DISCONNECTION, LAST_WARNING, MESSAGES, NAMED_RUNGS, REMINDER
from dunning.core.money import format_minor
from dunning.policy.rules import Rules
from dunning.policy.schema import FIRST_DAY


@dataclass(frozen=True)
class Debt:
    """An invoice that is entirely open: euro cents, or stotinki where `is_bgn`.

    season: of forecast and equalisation.
    """

    due_on: date
    minor: int
    kind: str = "bill"
    season: int = -1
    is_bgn: bool = False


@dataclass(frozen=True)
class Sent:
    """A notice; `is_ours`: an action of our own: its served day follows from the policy."""

    stage: str
    sent_on: date
    served_on: date | None = None
    failed_on: date | None = None
    channel: str = "post"
    is_ours: bool = False


@dataclass(frozen=True)
class BoundaryCase:
    """One account.

    plan: signed_on and the only instalment's day; filed: (filed_on, closed_on) of past cases.

    payments: (paid_on, minor, is_bgn); contact: a channel, or empty for letters, registered on
    `registered_on`; language: words.LANGUAGES.
    """

    debts: tuple[Debt, ...]
    notices: tuple[Sent, ...] = ()
    service: str = "heat"
    payments: tuple[tuple[date, int, bool], ...] = ()
    plan: tuple[date, date] | None = None
    filed: tuple[tuple[date, date], ...] = ()
    is_held: bool = False
    contact: str = ""
    registered_on: date = date(2000, 1, 1)
    language: str = "bg"


def around(number: int) -> tuple[int, ...]:
    """Return a number with its two neighbours, without negative ones.

    >>> around(0), around(15)
    ((0, 1), (14, 15, 16))
    """
    return tuple(n for n in (number - 1, number, number + 1) if n >= 0)


def make_cases(as_of: date, rules: Rules) -> tuple[BoundaryCase, ...]:
    """Return accounts on both sides of every boundary of these rules, on their date."""
    return tuple(_Maker(as_of, rules).make())


def describe(case: BoundaryCase, number: int, as_of: date) -> str:
    """Return the facts and dates of a case as plain text."""
    parts = [f"Account {number:06d} ({case.service}) on {as_of}:"]
    for debt in case.debts:
        days = (as_of - debt.due_on).days
        amount = f"{format_minor(debt.minor)} {'BGN' if debt.is_bgn else 'EUR'}"
        parts.append(f"a {debt.kind} of {amount} due {debt.due_on} ({days} days ago);")
    for notice in case.notices:
        served = (
            f"served {notice.served_on}"
            if notice.served_on
            else "served as the policy says for what we sent"
        )
        if not notice.is_ours and notice.served_on is None:
            served = "never served"
        parts.append(
            f"a notice `{notice.stage}` by {notice.channel} sent {notice.sent_on}, {served};"
        )
    if not case.notices:
        parts.append("no notice;")
    if case.is_held:
        parts.append("held;")
    if case.plan:
        parts.append(
            f"an agreement signed {case.plan[0]}, nothing paid, its instalment due {case.plan[1]};"
        )
    return " ".join(parts).removesuffix(";") + "."


class _Maker:
    """Make the cases of each rule in turn."""

    def __init__(self, as_of: date, rules: Rules) -> None:
        self.rules, self.as_of = rules, as_of
        stages = rules.stages
        self.rungs = tuple(stages.of(rung.name) for rung in NAMED_RUNGS)  # above MESSAGES
        # Old and large enough for every rung, so that only the tested value decides.
        self.old = max(rung.days_overdue_min for rung in self.rungs) + stages.notice_valid_days + 40
        self.much = 10 * max(
            stages.court_bound.amount_cents_min, stages.limitation_near_amount_cents_min, 100
        )

    def make(self) -> Iterator[BoundaryCase]:
        """Yield all cases."""
        for part in (
            self._overdue,
            self._rungs,
            self._notice_ages,
            self._limitation,
            self._kinds,
            self._plans,
            self._ours,
            self._reminders,
            self._disconnections,
            self._court,
            self._changeover,
            self._contact_ages,
        ):
            yield from part()

    def _ago(self, days: int) -> date:
        return max(self.as_of - timedelta(days=days), FIRST_DAY)

    def _notice(
        self, stage: str, served_ago: int, *, sent_before: int = 2, channel: str = "post"
    ) -> Sent:
        return Sent(
            stage, self._ago(served_ago + sent_before), self._ago(served_ago), channel=channel
        )

    def _overdue(self) -> Iterator[BoundaryCase]:
        rule = self.rules.stages.overdue
        for days in around(rule.days_overdue_min):
            for cents in around(rule.amount_cents_min):
                yield BoundaryCase((Debt(self._ago(days), cents),))

    def _rungs(self) -> Iterator[BoundaryCase]:
        """Yield each set of served notices, on both sides of a rung's age and sum."""
        stages = words.NOTICE_STAGES
        # All subsets of the notices, the empty one included: one missing notice must stop a stage.
        sets = [chosen for size in range(len(stages) + 1) for chosen in combinations(stages, size)]
        for rung in self.rungs:
            notices = [
                tuple(self._notice(stage, rung.served_days_min + 1) for stage in chosen)
                for chosen in sets
            ]
            for served in notices:
                for days in around(rung.days_overdue_min):
                    yield BoundaryCase((Debt(self._ago(days), self.much),), served)
                for cents in around(rung.amount_cents_min):
                    yield BoundaryCase((Debt(self._ago(rung.days_overdue_min), cents),), served)
                yield BoundaryCase(
                    (Debt(self._ago(rung.days_overdue_min), self.much),), served, is_held=True
                )

    def _notice_ages(self) -> Iterator[BoundaryCase]:
        """Yield notices of every age.

        Too young, just old enough, too old; sent on the due day and the day after; failed;
        future.
        """
        valid = self.rules.stages.notice_valid_days
        for rung, stage in zip(self.rungs, MESSAGES, strict=True):
            debt = (Debt(self._ago(self.old), self.much),)
            for served_ago in {*around(rung.served_days_min), *around(valid)}:
                yield BoundaryCase(debt, (self._notice(stage, served_ago),))
                yield BoundaryCase(
                    debt, (self._notice(REMINDER, 40), self._notice(stage, served_ago))
                )
            for sent_after in (0, 1):
                due_on = self._ago(rung.days_overdue_min)
                sent_on = due_on + timedelta(days=sent_after)
                served_on = self._ago(rung.served_days_min)
                if sent_on <= served_on:
                    yield BoundaryCase(
                        (Debt(due_on, self.much),), (Sent(stage, sent_on, served_on),)
                    )
            failed_on = self._ago(rung.served_days_min)
            yield BoundaryCase(
                debt, (Sent(stage, self._ago(rung.served_days_min + 3), None, failed_on),)
            )
            yield BoundaryCase(debt, (Sent(stage, self._ago(20), self.as_of + timedelta(days=1)),))

    def _limitation(self) -> Iterator[BoundaryCase]:
        """Yield debts around their limitation: ended, ending soon, or near, and each suspension."""
        rule, near = self.rules.limitation, self.rules.stages.limitation_near_days
        for years, kind in ((rule.years, "bill"), (rule.years_long, "fee")):
            for left in (-2, -1, 0, 1, 2, near - 2, near - 1, near, near + 1, near + 2):
                # The term begins on the day after the due day; it ends `left` days from `as_of`.
                start = _years_before(self.as_of + timedelta(days=left), years)
                yield BoundaryCase(
                    (Debt(max(start - timedelta(days=1), FIRST_DAY), self.much, kind),)
                )
        for cents in around(self.rules.stages.limitation_near_amount_cents_min):
            start = _years_before(self.as_of + timedelta(days=near // 2), rule.years)
            yield BoundaryCase((Debt(start, cents),))
        for first, until in rule.suspensions:
            for day in (first, until):
                for years, kind in ((rule.years, "bill"), (rule.years_long, "fee")):
                    yield from (
                        BoundaryCase((Debt(max(start, FIRST_DAY), self.much, kind),))
                        for start in (
                            day - timedelta(days=30),
                            _years_before(day, years) + timedelta(days=5),
                        )
                    )
        yield self._ten_years()

    def _ten_years(self) -> BoundaryCase:
        """Return a debt renewed by court cases, so that only the absolute limit ends it."""
        rule = self.rules.limitation
        due_on = _years_before(self.as_of, max(rule.years_absolute - 1, 1))
        step = 365 * rule.years - 30
        # A case a month before each limitation ends: every one restarts it.
        #   due |--- years ---x  filed: restart |--- years ---x  filed …      | absolute limit
        filed = [due_on + timedelta(days=step * n) for n in range(1, 40)]
        return BoundaryCase(
            (Debt(due_on, self.much),),
            filed=tuple(
                (day, day + timedelta(days=20))
                for day in filed
                if day + timedelta(days=20) < self.as_of
            ),
        )

    def _kinds(self) -> Iterator[BoundaryCase]:
        """Yield an old debt of each kind after each warning.

        A forecast comes with and without its equalisation bill.
        """
        notices = tuple(
            self._notice(stage, rung.served_days_min + 1)
            for rung, stage in zip(self.rungs, MESSAGES, strict=True)
        )
        cut = self._notice(DISCONNECTION, self.rules.disconnections.served_days_min + 1)
        due_on = self._ago(self.old)
        for kind in words.ITEM_KINDS:
            season = due_on.year - 1 if kind in ("forecast", "equalisation") else -1
            debt = Debt(due_on, self.much, kind, season)
            yield BoundaryCase((debt,), (notices[0],))
            yield BoundaryCase((debt,), notices)
            yield BoundaryCase((debt,), (cut,), "electricity")
        bill = Debt(self._ago(self.old - 20), 100, "equalisation", due_on.year - 1)
        yield BoundaryCase((Debt(due_on, self.much, "forecast", due_on.year - 1), bill), notices)
        yield BoundaryCase((Debt(FIRST_DAY, 100_000_000),))

    def _plans(self) -> Iterator[BoundaryCase]:
        for days in around(self.rules.agreements.grace_days):
            yield BoundaryCase(
                (Debt(self._ago(200), self.much),), plan=(self._ago(190), self._ago(days))
            )

    def _ours(self) -> Iterator[BoundaryCase]:
        """Yield our own notices around the first day on which they count, for each channel."""
        for rung, stage in zip(self.rungs, MESSAGES, strict=True):
            for channel, wait in self.rules.service.served_after_days.items():
                for served_ago in around(rung.served_days_min):
                    sent = Sent(stage, self._ago(served_ago + wait), channel=channel, is_ours=True)
                    yield BoundaryCase((Debt(self._ago(self.old), self.much),), (sent,))

    def _reminders(self) -> Iterator[BoundaryCase]:
        rule = self.rules.reminders
        for days in around(rule.repeat_days):
            yield BoundaryCase(
                (Debt(self._ago(self.old), self.much),), (Sent(REMINDER, self._ago(days)),)
            )
        yield from self._repeated_warnings()
        for channel, least in rule.amount_cents_min.items():
            for cents in around(least):
                contact = "" if channel == "post" else channel
                yield BoundaryCase(
                    (Debt(self._ago(self.rules.stages.overdue.days_overdue_min), cents),),
                    contact=contact,
                )
            for service, language in product(words.SERVICES, words.LANGUAGES):
                contact = "" if channel == "post" else channel
                yield BoundaryCase(
                    (Debt(self._ago(self.old), self.much),),
                    (),
                    service,
                    contact=contact,
                    language=language,
                )

    def _repeated_warnings(self) -> Iterator[BoundaryCase]:
        """Yield warnings sent around the day of their repetition, after the notice below."""
        steps = zip(self.rungs, self.rungs[1:], MESSAGES, MESSAGES[1:], strict=False)
        for lower, upper, below, warning in steps:
            for days in around(self.rules.reminders.repeat_days_of(warning)):
                named = self._notice(below, lower.served_days_min + 1)
                warned = Sent(warning, self._ago(days))
                debt = Debt(self._ago(self.old + days), upper.amount_cents_min)
                yield BoundaryCase((debt,), (named, warned))

    def _disconnections(self) -> Iterator[BoundaryCase]:
        rule = self.rules.disconnections
        warned = self._notice(DISCONNECTION, rule.served_days_min + 1)
        for days in around(rule.days_overdue_min):
            due_on = self._ago(days)
            notice = Sent(
                DISCONNECTION, due_on + timedelta(days=1), self._ago(rule.served_days_min)
            )
            if notice.sent_on <= self._ago(rule.served_days_min):
                yield BoundaryCase((Debt(due_on, self.much),), (notice,), "electricity")
        for cents in around(rule.amount_cents_min):
            yield BoundaryCase((Debt(self._ago(self.old), cents),), (warned,), "electricity")
        for served_ago in {*around(rule.served_days_min), *around(rule.notice_valid_days)}:
            notice = self._notice(DISCONNECTION, served_ago)
            yield BoundaryCase(
                (Debt(self._ago(self.old + rule.notice_valid_days), self.much),),
                (notice,),
                "electricity",
            )
        for stage in (None, *MESSAGES):
            other = (self._notice(stage, rule.served_days_min + 1),) if stage else ()
            yield BoundaryCase((Debt(self._ago(self.old), self.much),), other, "electricity")
        yield BoundaryCase(
            (Debt(self._ago(self.old), self.much),), (warned,), "electricity", is_held=True
        )
        yield BoundaryCase((Debt(self._ago(self.old), self.much),), (warned,), "heat")
        unserved = Sent(DISCONNECTION, self._ago(rule.served_days_min + 9))
        yield BoundaryCase((Debt(self._ago(self.old), self.much),), (unserved,), "electricity")

    def _court(self) -> Iterator[BoundaryCase]:
        """Yield claims without interest around the ceiling, and a large and a small one.

        The latter two are for the state fee.
        """
        rung, rule = self.rules.stages.court_bound, self.rules.court
        stages = dict.fromkeys((LAST_WARNING, rung.after_notice))
        warned = tuple(self._notice(stage, rung.served_days_min + 1) for stage in stages)
        # A fee bears no interest: the claim is the debt itself, so it meets the ceiling exactly.
        for cents in {*around(rule.order_ceiling_cents), self.much, 100 * self.much}:
            yield BoundaryCase((Debt(self._ago(self.old), cents, "fee"),), warned, "electricity")

    def _changeover(self) -> Iterator[BoundaryCase]:
        """Yield a debt of one lev, half paid around the changeover.

        Before it the payment is in BGN, from it on converted.
        """
        euro_from = self.rules.changeover.euro_from
        if euro_from > self.as_of:
            return
        for days in (-1, 0, 1):
            paid_on = euro_from + timedelta(days=days)
            due_on = euro_from - timedelta(days=90)
            yield BoundaryCase((Debt(due_on, 100, is_bgn=True),), payments=((paid_on, 50, True),))

    def _contact_ages(self) -> Iterator[BoundaryCase]:
        """Yield contacts around the age at which they are requested again."""
        for days in around(self.rules.notices.card_age_days):
            yield BoundaryCase(
                (Debt(self._ago(self.old), self.much),),
                contact="email",
                registered_on=self._ago(days),
            )


def _years_before(day: date, years: int) -> date:
    day = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
    return day.replace(year=max(day.year - years, FIRST_DAY.year))
