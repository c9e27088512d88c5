"""All outcomes of a policy for a set of invented accounts, as comparable tables."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from dunning.core.words import LANGUAGES, SERVICES
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.classify import decide_with_actions
from dunning.decisions.account.manual_hold_terms import is_ending, latest_end
from dunning.decisions.frames import Decision
from dunning.decisions.lists.circuit_breaker import comparable_nights, find_unusual
from dunning.decisions.lists.missing_protections import find_shrunk
from dunning.decisions.lists.working_days import disconnection_window
from dunning.decisions.monthly.billing_groups import due_groups, since_of
from dunning.decisions.monthly.notices import propose_notices
from dunning.decisions.tables import decision_tables
from dunning.documents.messages.texts import Letterhead, write_messages
from dunning.documents.notice.run_constants import Press
from dunning.gateways.store.runs import LoadedRun
from dunning.jobs.nightly.classify import propose
from dunning.jobs.nightly.extract_warnings import is_stale
from dunning.jobs.policy_check.boundary_crowd import Crowd
from dunning.jobs.retention import find_reasons
from dunning.ledger.check.quarantine import Refusals, check_limits
from dunning.policy.rules import Loading, Profile, Protection, Release, Retention, Rules
from dunning.policy.schema import MEASURES

Outcomes = dict[str, Any]


def find_outcomes(crowd: Crowd, rules: Rules) -> Outcomes:
    """Return name to outcome for decisions, lists, texts, calendar and loader under these rules.

    Raises:
        DunningError: the decisions refuse the rules.
    """
    of_one_rule = {
        f"{rule} alone": outcome(getattr(rules, rule), crowd.as_of)
        for rule, outcome in _OF_ONE_RULE.items()
    }
    return of_one_rule | dict(_of_all_rules(crowd, rules))


def differs(crowd: Crowd, turned: Rules, rules: Rules, before: Outcomes) -> bool:
    """Return whether any outcome under the turned rules differs from `before`, that of `rules`.

    Stops at the first difference. What depends on one rule alone comes first, and is made again
    only where that rule was turned.
    """
    for rule, outcome in _OF_ONE_RULE.items():
        value = getattr(turned, rule)
        if value == getattr(rules, rule):
            continue
        if outcome(value, crowd.as_of) != before[f"{rule} alone"]:
            return True
    return any(not _equal(before[name], outcome) for name, outcome in _of_all_rules(crowd, turned))


def _of_all_rules(crowd: Crowd, rules: Rules) -> Iterator[tuple[str, Any]]:
    """Yield (name, outcome) for what depends on several rules together."""
    decision, assessment = decide_with_actions(crowd.bucket, crowd.as_of, rules, crowd.actions)
    yield from decision_tables(crowd.bucket, decision, rules).items()
    yield "windows", _windows(crowd.nights, rules)
    yield "notices", _notices(crowd.as_of, rules)
    yield "proposed notices", list(_propose_notices(crowd, decision, assessment, rules))
    proposed = propose(crowd.bucket, decision, assessment, rules, crowd.as_of)
    yield from proposed.items()
    yield (
        "silence",
        rules.reminders.on_list_days,
    )  # its effect takes many nights: covered by its own tests
    yield (
        "parts",
        rules.reminders.sms_parts_max,
    )  # today's texts never need them all: covered by their own tests
    head = Letterhead(crowd.as_of, rules.supplier, crowd.as_of, rules.profile)
    yield "messages", write_messages(proposed["reminders"], head)


def _equal(left: Any, right: Any) -> bool:
    return left.equals(right) if isinstance(left, pa.Table) else left == right


def _windows(nights: Iterable[date], rules: Rules) -> list[Any]:
    """Return the disconnection window for proposals of each night."""
    return [
        disconnection_window(night, night, rules.disconnections, rules.calendar) for night in nights
    ]


def _loading(rule: Loading, as_of: date) -> list[Any]:
    """Return what the loader refuses, and for how long a ledger counts as fresh."""
    fresh = [is_stale(as_of - timedelta(days=n), as_of, rule) for n in range(100)]
    return [_limits(rule), _guards(rule), fresh]


def _limits(rule: Loading) -> list[bool]:
    """Return whether the loader refuses a ledger.

    For each table, with a growing number of refused rows out of 200.
    """
    return [_is_refused(name, refused, rule) for name in TABLES for refused in range(201)]


def _is_refused(name: str, refused: int, rule: Loading) -> bool:
    try:
        check_limits({name: Refusals(200, refused)}, rule)
    except DunningError:
        return True
    return False


def _guards(rule: Loading) -> list[Any]:
    """Return the reasons that stop the lists.

    For ledgers without their tables, or with a growing loss out of 10,000 rows of each.
    """
    had = dict.fromkeys(TABLES, 10_000)
    shrunk = [find_shrunk(dict.fromkeys(TABLES, rows), had, rule) for rows in range(0, 10_001, 50)]
    return [find_shrunk({}, had, rule), *shrunk]


def _retention(rule: Retention, as_of: date) -> dict[str, Any]:
    """Return why snapshots are kept, for one made and closed on each of twenty thousand days."""
    days = [as_of - timedelta(days=n) for n in range(20_000)]
    return find_reasons(
        [LoadedRun(n, day, "closed", True, str(day)) for n, day in enumerate(days)], as_of, rule
    )


def _protection(rule: Protection, as_of: date) -> list[Any]:
    """Return the end of a hold without a document, and the day of its reminder."""
    until = latest_end(rule, as_of, is_documented=False)
    return [until, [is_ending(rule, until, as_of + timedelta(days=n)) for n in range(60)]]


def _release(rule: Release, as_of: date) -> list[Any]:
    """Return the circuit breaker's findings for nights on both sides of each limit.

    What the release itself does with a value (how many leave at once, how long a question waits,
    for how long released rows are not repeated, which days' payments are counted) is included
    as a plain value: its effect is covered by its own tests.
    """
    kept = [
        rule.answer_hours,
        rule.court_week_rows_max,
        rule.district_rows_max,
        rule.acted_days,
        rule.payments_days,
    ]
    found: list[Any] = kept
    for measure in MEASURES:
        rows, cents = rule.rows_max[measure], rule.amount_cents_max[measure]
        found += [
            find_unusual(as_of, {measure: (rows + n, cents + n)}, {}, (), rule)
            for n in (-1, 0, 1, 2)
        ]
    nights = {
        as_of - timedelta(days=n): dict.fromkeys(MEASURES, (10_000, 10_000)) for n in range(1, 190)
    }
    # Also with few nights to compare: below a limit of the policy nothing is unusual.
    few = [dict(list(nights.items())[:count]) for count in range(1, 12)]
    found += [len(comparable_nights(as_of, some, rule)) for some in (nights, *few)]
    # As few nights as make a band: these are all alike, so that more of them judge the same.
    enough = dict(list(nights.items())[: rule.band_nights_min])
    for share in range(0, 20_001, 100):  # of the usual, in shares of a percent
        found.append(find_unusual(as_of, dict.fromkeys(MEASURES, (share, share)), enough, (), rule))
        found.append(find_unusual(as_of, {}, {}, (share, 10_000), rule))
    for usual in (rule.band_rows_min + n for n in (-2, -1, 0, 1)):
        small = {night: {"sms": (usual, usual)} for night in nights}
        found.append(find_unusual(as_of, {}, small, (), rule))
    for usual in (rule.payments_min + n for n in (-2, -1, 0, 1)):
        found.append(find_unusual(as_of, {}, {}, (0, usual), rule))
    return found


def _notices(as_of: date, rules: Rules) -> list[Any]:
    """Return the billing groups due on each of a hundred nights, and the texts of every notice.

    The page limit, the days of a receipt, the logo and the receipt page are plain values here:
    their effect is in the files, and covered by the tests of those files.
    """
    rule = rules.notices
    due = [due_groups(as_of + timedelta(days=n), rule, {}) for n in range(100)]
    kept = [rule.batch_pages_max, rule.receipt_days, rules.profile.logo, rules.profile.receipt_url]
    return [
        due,
        kept,
        _print_labels(rules.profile, rules.supplier.phone, rule.wording, as_of),
    ]


@lru_cache(maxsize=4)
def _print_labels(profile: Profile, phone: str, wording: int, as_of: date) -> Any:
    """Return the constant words of each language and service, and the head of payment codes."""
    press = Press(as_of, as_of, as_of, profile, phone, wording)
    try:
        return [
            press.open_wording(*each).labels for each in product(LANGUAGES, SERVICES)
        ], press.payment_head()
    except DunningError as error:  # a version of the wording that is not there
        return str(error)


def _propose_notices(
    crowd: Crowd, decision: Decision, assessment: Assessment, rules: Rules
) -> Iterator[pa.Table]:
    """Yield the proposed monthly notices of each service, with those withheld."""
    for service in SERVICES:
        since = since_of(crowd.as_of, rules.notices, service, {})
        yield from propose_notices(
            crowd.bucket, decision, assessment, rules, service, since
        ).values()


# Rule to the outcome that depends on it, and on the night's date, alone.
_OF_ONE_RULE: dict[str, Callable[[Any, date], Any]] = {
    "loading": _loading,
    "retention": _retention,
    "release": _release,
    "protection": _protection,
}
