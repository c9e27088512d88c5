"""Search for accounts by what a caller or a letter states: numbers or names.

Its numbers, also as the page's own title or a message's reference has them, the last signs that an
SMS shows, meter, invoice, court case, phone, e-mail, and words of name and address.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.search_index import SearchIndex, fold, open_search_index
from dunning.gateways.snapshots.snapshot_store import open_kept
from dunning.gateways.store import runs
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.queries.past_night import find_night

SHOWN = 50
_TAIL_SIGNS = 4
# `20261122-OS-<premise>-<payer>` of a message, `C-20261122-<premise>-<payer>` of a case.
_REFERENCE = re.compile(r"(?:[A-Z]-)?\d{8}-(?:[A-Z]{1,2}-)?(.+)")
# `№ …4321` as an SMS has it, whole or its end alone.
_TAIL = re.compile(r"(?:…|\.\.\.)\s*(\w{3,})\b")
_PHONE = re.compile(r"[+0-9][0-9 ()./-]{5,}")


@dataclass(frozen=True)
class Hit:
    """One account found."""

    premise_no: str
    payer_code: str
    name: str
    address: str


@dataclass(frozen=True)
class SearchResult:
    """Search result: at most SHOWN accounts, and whether there are more.

    is_ready: there is a closed night to search.
    """

    hits: list[Hit]
    has_more: bool
    is_ready: bool = True


def find(session: DeskSession, text: str) -> SearchResult:
    """Return the accounts of the last closed night's ledger that match a text.

    What is exact comes before beginnings, numbers before words.

    Raises:
        DunningError: the snapshot of the last closed night is not kept any more.
    """
    wanted, closed_on = " ".join(text.split()), runs.last_closed_on(session.engine)
    if not wanted or closed_on is None:
        return SearchResult([], False, closed_on is not None)
    _, snapshot = find_night(session.settings, session.engine, closed_on)
    index = _open(session.settings, snapshot.folder.name)
    found = next(
        (some for look in _ways(index, wanted) if len(some := look())), index.accounts.slice(0, 0)
    )
    return SearchResult(
        [_hit(row) for row in found.slice(0, SHOWN).to_pylist()], len(found) > SHOWN
    )


def _ways(index: SearchIndex, wanted: str) -> Iterator[Callable[[], pa.Table]]:
    """Yield the searches to try, in order, until one finds something."""
    words = {*wanted.split(), *re.split(r"[^\w]+", wanted)} - {""}
    # Exact and cheap searches first; words of name and address are the last resort.
    if len(words) > 1:
        yield lambda: index.by_pair(sorted(words), SHOWN)
    if reference := _REFERENCE.fullmatch(wanted):
        yield lambda: index.by_joined(reference[1], SHOWN)
    if tail := _TAIL.search(wanted):
        yield lambda: index.by_end(tail[1], SHOWN)
    yield lambda: index.by_number(wanted, SHOWN)
    yield lambda: index.by_document(wanted)
    if "@" in wanted:
        yield lambda: index.by_email(wanted)
    if _PHONE.fullmatch(wanted):
        yield lambda: index.by_phone(wanted)
    if len(wanted) == _TAIL_SIGNS and wanted.isdigit():
        yield lambda: index.by_end(wanted, SHOWN)
    yield lambda: index.by_beginning(wanted, SHOWN)
    yield lambda: index.by_words(fold(pa.array([wanted]))[0].as_py().split(), SHOWN)


def _hit(row: dict[str, str]) -> Hit:
    address = ", ".join(filter(None, (row["settlement"], row["address"])))
    return Hit(row["premise_no"], row["payer_code"], row["name"], address)


@lru_cache(maxsize=2)
def _open(settings: Settings, name: str) -> SearchIndex:
    folder = settings.snapshots / name
    return open_search_index(
        settings, open_kept(folder, settings.snapshots, settings.snapshot_store)
    )
