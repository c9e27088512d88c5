"""Check a policy without running it: the order of stages, units, gaps, empty windows.

The rest (`dunning.jobs.policy_check.check_policy`) runs boundary cases through the decisions
themselves.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.core.ladder import LAST_WARNING, NAMED_RUNGS, STEPS
from dunning.policy.findings import Finding
from dunning.policy.policies import BUILT_IN, Policy, collect_files, read_files
from dunning.policy.published import check_published, read_published
from dunning.policy.rules import Rules, repeat_key

# (file, dotted key, problem, cure)
Complaint = tuple[str, str, str, str]


def check_policy(folder: Path | None = None) -> list[Finding]:
    """Return all findings on the built-in policy, or a folder's, without running it.

    The built-in files must also be as they were published.
    """
    policy, findings = read_policy_folder(folder)
    if policy is None:
        return sorted(findings)
    return check_values(policy) + (
        check_published(policy, read_published()) if folder in (None, BUILT_IN) else []
    )


def read_policy_folder(folder: Path | None) -> tuple[Policy | None, list[Finding]]:
    """Return the policy of a folder, or None with everything that prevents reading it."""
    try:
        files = collect_files(folder)
    except DunningError as error:
        return None, [Finding(str(folder), 0, str(error), "")]
    return read_files(files)


def check_values(policy: Policy) -> list[Finding]:
    """Return contradictions between the values of a readable policy.

    Checked on every day on which any value changes.
    """
    # A dict as an ordered set: the same contradiction on several days is one finding.
    findings = {finding: None for finding in (*_check_gaps(policy), *_check_half_years(policy))}
    # Before this day some file has no version yet; that is reported as a gap.
    first = max(rule_file.versions[0].effective_from for rule_file in policy.rule_files.values())
    days = sorted(
        {v.effective_from for rule_file in policy.rule_files.values() for v in rule_file.in_force}
    )
    for day in (day for day in days if day >= first):
        rules = policy.at(day)
        for check in CHECKS:
            findings.update((_place(policy, day, complaint), None) for complaint in check(rules))
    return sorted(findings)


def _place(policy: Policy, day: date, complaint: Complaint) -> Finding:
    name, key, problem, cure = complaint
    lines = policy.version_at(name, day).lines
    return Finding(
        f"{name}.toml",
        # The line of the key, else of its table, else of the version.
        lines.get(key) or lines.get(key.rpartition(".")[0]) or lines[""],
        problem,
        cure,
    )


def _check_gaps(policy: Policy) -> Iterator[Finding]:
    first = min(rule_file.versions[0].effective_from for rule_file in policy.rule_files.values())
    for name, rule_file in policy.rule_files.items():
        begin = rule_file.versions[0]
        if begin.effective_from > first:
            last = begin.effective_from - timedelta(days=1)
            problem = f"Gap: from {first} through {last} nothing holds here, and no night of these days can be run."
            cure = f"Let the first version begin on {first}, as the other files do."
            yield Finding(f"{name}.toml", begin.lines["effective_from"], problem, cure)


def _check_half_years(policy: Policy) -> Iterator[Finding]:
    for version in policy.rule_files["interest_rates"].versions:
        day = version.effective_from
        if (day.day, day.month) not in ((1, 1), (1, 7)):
            problem = f"The statutory rate changes on {day}, within a half-year."
            cure = "It changes on 1 January and 1 July alone; a monthly base rate is not it."
            yield Finding("interest_rates.toml", version.lines["effective_from"], problem, cure)


def _check_ladder(rules: Rules) -> Iterator[Complaint]:
    # Each stage with the one above it:  (overdue, final_warning), (final_warning, court_bound)
    for lower_rung, higher_rung in itertools.pairwise(STEPS):
        below, above = lower_rung.name, higher_rung.name
        lower, higher = rules.stages.of(below), rules.stages.of(above)
        for key in ("days_overdue_min", "amount_cents_min"):
            low, high = getattr(lower, key), getattr(higher, key)
            if high < low:
                problem = f"`{above}.{key}` is {high}, below `{below}.{key}` {low}: the order of stages is broken."
                yield (
                    "stages",
                    f"{above}.{key}",
                    problem,
                    f"Ask at least {low} of the higher stage.",
                )
        if higher.after_notice != higher_rung.notice_below:
            problem = f"`{above}` needs the notice `{higher.after_notice}`: the order of stages is broken."
            yield (
                "stages",
                f"{above}.after_notice",
                problem,
                f'Write `after_notice = "{higher_rung.notice_below}"`, the stage below.',
            )
        if higher.served_days_min > rules.stages.notice_valid_days:
            problem = (
                f"`{above}` waits {higher.served_days_min} days, and a notice holds {rules.stages.notice_valid_days}: "
                "no account ever gets there."
            )
            cure = "Shorten `served_days_min` or lengthen `notice_valid_days`."
            yield "stages", f"{above}.served_days_min", problem, cure
    if rules.stages.overdue.days_overdue_min < 1:
        problem = (
            "`overdue.days_overdue_min` is 0: an invoice is not overdue on its last day to pay."
        )
        yield "stages", "overdue.days_overdue_min", problem, "Write 1 or more."


def _check_near(rules: Rules) -> Iterator[Complaint]:
    near = rules.stages.limitation_near_amount_cents_min
    least = rules.stages.overdue.amount_cents_min
    if near < least:
        problem = f"`limitation_near_amount_cents_min` is {near}, below the {least} from which an account is overdue."
        yield "stages", "limitation_near_amount_cents_min", problem, f"Ask at least {least}."
    days = rules.stages.limitation_near_days
    # A debt this young is not yet court-bound; it would skip every stage by being near limitation.
    if days > 365 * rules.limitation.years - rules.stages.court_bound.days_overdue_min:
        problem = f"`limitation_near_days` is {days}: every young debt would go to court as urgent, past all notices."
        yield (
            "stages",
            "limitation_near_days",
            problem,
            "Write the few months that the lawyers need.",
        )


def _check_kinds(rules: Rules) -> Iterator[Complaint]:
    for name, key, kinds, other in (
        (
            "interest",
            "kinds_after_equalisation",
            rules.interest.kinds_after_equalisation,
            rules.interest.kinds,
        ),
        (
            "stages",
            "kinds_after_equalisation",
            rules.stages.kinds_after_equalisation,
            rules.stages.kinds_enforced,
        ),
    ):
        for kind in kinds:
            if kind in other:
                yield (
                    name,
                    key,
                    f"`{kind}` stands in both lists of kinds.",
                    "Leave it in one of them.",
                )
            elif kind != "forecast":
                problem = f"`{kind}` never waits for an equalisation bill; only `forecast` does."
                yield name, key, problem, "Name `forecast`, or nothing."


def _check_limitation(rules: Rules) -> Iterator[Complaint]:
    limits = rules.limitation
    if not limits.years <= limits.years_long <= limits.years_absolute:
        problem = f"The terms {limits.years}, {limits.years_long} and {limits.years_absolute} years do not rise."
        yield (
            "limitation",
            "years_long",
            problem,
            "Short, long and absolute limitation must rise in this order.",
        )


def _check_disconnections(rules: Rules) -> Iterator[Complaint]:
    rule = rules.disconnections
    if rule.served_days_min < 1:
        problem = "`served_days_min` is 0: supply could be cut on the day of the warning."
        yield "disconnections", "served_days_min", problem, "Write 1 or more."
    if rule.served_days_min > rule.notice_valid_days:
        problem = f"A warning counts after {rule.served_days_min} days and holds {rule.notice_valid_days}: never."
        yield (
            "disconnections",
            "served_days_min",
            problem,
            "Shorten `served_days_min` or lengthen `notice_valid_days`.",
        )
    # n working days take at least n days: a window of n days or fewer is surely too short.
    if rule.window_days <= rule.payment_latency_working_days:
        problem = f"The window of {rule.window_days} days ends before the {rule.payment_latency_working_days} working "
        problem += "days for payments on their way: no premise is ever proposed."
        yield "disconnections", "window_days", problem, "Lengthen the window."


def _check_reminders(rules: Rules) -> Iterator[Complaint]:
    least = rules.stages.overdue.amount_cents_min
    for channel, cents in rules.reminders.amount_cents_min.items():
        if cents < least:
            problem = f"`{channel}` begins at {cents}, below the {least} of an overdue account."
            yield "reminders", f"amount_cents_min.{channel}", problem, f"Write {least} or more."
    if rules.reminders.repeat_days < 1:
        problem = "`repeat_days` is 0: the same person would be reminded every night."
        yield "reminders", "repeat_days", problem, "Write 1 or more."
    for rung in NAMED_RUNGS[1:]:  # a reminder may go again before it counts; a warning may not
        warning, wait = rung.notice_below, rules.stages.of(rung.name).served_days_min
        if rules.reminders.repeat_days_of(warning) < wait:
            called = "last warning" if warning == LAST_WARNING else f"`{warning}`"
            problem = f"A new {called} would go out before the earlier one counts."
            cure = f"Wait at least the {wait} days of `{rung.name}.served_days_min`."
            yield "reminders", repeat_key(warning), problem, cure


def _check_service(rules: Rules) -> Iterator[Complaint]:
    for channel, days in rules.service.served_after_days.items():
        if days >= rules.reminders.repeat_days:
            problem = f"`{channel}` counts as served after {days} days, when the next reminder has already gone."
            cure = f"Write less than the {rules.reminders.repeat_days} days of `reminders.repeat_days`."
            yield "service", f"served_after_days.{channel}", problem, cure


def _check_court(rules: Rules) -> Iterator[Complaint]:
    if rules.court.state_fee_cents_min > rules.court.order_ceiling_cents:
        problem = f"The least state fee {rules.court.state_fee_cents_min} is above the ceiling of the claim itself."
        yield "court", "state_fee_cents_min", problem, "Both are euro cents: 12,78 euro is 1278."


def _check_calendar(rules: Rules) -> Iterator[Complaint]:
    calendar = rules.calendar
    for day in calendar.extra_nonworking_days:
        if day in calendar.extra_working_days:
            yield (
                "calendar",
                "extra_nonworking_days",
                f"{day} stands in both lists.",
                "Leave it in one of them.",
            )
        # 5 and 6 are Saturday and Sunday, which are non-working anyway.
        elif day.weekday() >= 5:
            problem = f"{day} is a Saturday or Sunday, so it does nothing."
            yield "calendar", "extra_nonworking_days", problem, "Delete it, or correct the date."


def _check_loading(rules: Rules) -> Iterator[Complaint]:
    loading = rules.loading
    if loading.quarantine_share_max_strict > loading.quarantine_share_max:
        problem = f"Strict tables lose {loading.quarantine_share_max_strict}, others {loading.quarantine_share_max}."
        yield (
            "loading",
            "quarantine_share_max_strict",
            problem,
            "The strict share must be the smaller one.",
        )
    for table in loading.tables_guarded:
        if table not in loading.tables_strict:
            problem = (
                f"`{table}` is guarded against shrinking, but its rows may go to quarantine unseen."
            )
            yield "loading", "tables_guarded", problem, "Put it among `tables_strict`, too."


def _check_retention(rules: Rules) -> Iterator[Complaint]:
    days = rules.retention.every_snapshot_days
    if days < 2:
        problem = f"`every_snapshot_days` is {days}: tonight could not be compared with last night."
        yield "retention", "every_snapshot_days", problem, "Write 2 or more."


def _check_profile(rules: Rules) -> Iterator[Complaint]:
    profile = rules.profile
    if profile.vat_no.startswith("BG") and profile.vat_no != f"BG{profile.company_id}":
        problem = f"`vat_no` is {profile.vat_no}, and the ЕИК {profile.company_id}: they name two companies."
        yield "profile", "vat_no", problem, f"Write BG{profile.company_id}, or correct the ЕИК."
    here, latin = len(profile.offices), len(profile.offices_latin)
    if here != latin:
        problem = f"`offices_latin` names {latin}, `offices` {here}: readers of English miss one."
        yield "profile", "offices_latin", problem, "Give every office in both, in the same order."


CHECKS: tuple[Callable[[Rules], Iterator[Complaint]], ...] = (
    _check_ladder,
    _check_near,
    _check_kinds,
    _check_limitation,
    _check_disconnections,
    _check_reminders,
    _check_service,
    _check_court,
    _check_calendar,
    _check_loading,
    _check_retention,
    _check_profile,
)
