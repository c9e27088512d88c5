"""The lists of the last closed night that wait for approval, with counts, sums and holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.lists import LISTS
from dunning.gateways.settings.people import approvers_of, read_people
from dunning.gateways.store.holds import ManualHold
from dunning.gateways.store.releases import ListRelease, fetch_releases
from dunning.jobs.desk.lists import manual_holds
from dunning.jobs.desk.lists.list_files import fetch_list, find_run
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.release.offer import Offer, describe


@dataclass(frozen=True)
class ApprovalRequest:
    """A list that can be approved. held_rows: its rows with a manual hold."""

    release: ListRelease
    offer: Offer
    held_rows: Sequence[ManualHold]
    approvers: Sequence[str]

    @property
    def rank(self) -> int:
        """Its order on the page: waiting lists first, released ones last."""
        return 1 if self.release.state in ("released", "recalled") else 0

    @property
    def before_on(self) -> date | None:
        """The closed date before, used for the comparison."""
        return self.offer.before_on


@dataclass(frozen=True)
class Approvals:
    """The lists of a night that may be released."""

    as_of: date
    lists: Sequence[ApprovalRequest]


def read_page(session: DeskSession, names: Collection[str]) -> Approvals:
    """Return the state of the named lists of the last closed night.

    Raises:
        RefusedError: no night is closed, or a list's file is not the one that was published.
    """
    run = find_run(session, None)
    people = read_people(session.settings)
    held = manual_holds.find_manual_holds(session, run.as_of)
    found = []
    for release in fetch_releases(session.engine, run.as_of):
        if release.list_name not in names:
            continue
        found.append(
            ApprovalRequest(
                release=release,
                offer=describe(session.engine, run, release.list_name),
                held_rows=_find_held(fetch_list(run, release.list_name), held) if held else [],
                approvers=[person.user_name for person in approvers_of(people, release.list_name)],
            )
        )
    return Approvals(run.as_of, found)


def lists_of(
    session: DeskSession, user_name: str, *, may_court: bool
) -> tuple[list[str], list[str]]:
    """Return the lists that a person sees here, and those that he may approve."""
    settings = read_people(session.settings).get(user_name)
    approves = [name for name in LISTS if settings and name in settings.approves]
    return [name for name in LISTS if name != "court" or may_court or name in approves], approves


def require_newest(session: DeskSession, as_of: date) -> None:
    """Raise if a date is not the last closed night.

    Raises:
        RefusedError: it is another one.
    """
    closed_on = find_run(session, None).as_of
    if as_of != closed_on:
        raise RefusedError(
            f"The lists of {as_of} were replaced by those of {closed_on}. Nothing was done.",
            "too_old",
            day=as_of,
            newer=closed_on,
        )


def _find_held(rows: pa.Table, held: Mapping[tuple[str, str], ManualHold]) -> list[ManualHold]:
    """Return the manual holds on accounts of a list."""
    premises = pa.array(sorted({premise_no for premise_no, _ in held}), pa.string())
    # Few rows have such a premise; only these become Python tuples.
    near = rows.filter(pc.is_in(rows["premise_no"], premises))
    accounts = set(zip(near["premise_no"].to_pylist(), near["payer_code"].to_pylist(), strict=True))
    return [hold for account, hold in held.items() if account in accounts]
