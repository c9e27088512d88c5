"""Finding an account as people ask for it: premise or payer number, invoice number, or parts of a name."""

from dataclasses import dataclass
from functools import lru_cache

from dunning.gateways.search_index import SearchIndex, open_search_index
from dunning.gateways.settings import Settings
from dunning.gateways.snapshot_places import open_kept
from dunning.gateways.store import runs
from dunning.jobs.desk.office import Office
from dunning.jobs.kept import find_night

SHOWN = 50


@dataclass(frozen=True)
class Hit:
    """One account that was found."""

    premise_no: str
    payer_code: str
    name: str
    address: str


@dataclass(frozen=True)
class Found:
    """What was found: at most SHOWN accounts, and whether there are more; is_ready: a night is closed to look in."""

    hits: list[Hit]
    has_more: bool
    is_ready: bool = True


def find(office: Office, text: str) -> Found:
    """Return the accounts that a text may mean; of the last closed night's ledger.

    Numbers first, exact before beginnings, then invoices, then names.

    Raises:
        DunningError: the snapshot of the last closed night is not kept any more.
    """
    wanted, closed_on = " ".join(text.split()), runs.last_closed_on(office.engine)
    if not wanted or closed_on is None:
        return Found([], False, closed_on is not None)
    _, snapshot = find_night(office.settings, office.engine, closed_on)
    index = _open(office.settings, snapshot.folder.name)
    found = index.by_number(wanted, SHOWN)
    if not len(found):
        found = index.by_invoice(wanted)
    if not len(found):
        found = index.by_name(wanted.split(), SHOWN)
    return Found([_hit(row) for row in found.slice(0, SHOWN).to_pylist()], len(found) > SHOWN)


def _hit(row: dict[str, str]) -> Hit:
    address = ", ".join(filter(None, (row["settlement"], row["address"])))
    return Hit(row["premise_no"], row["payer_code"], row["name"], address)


@lru_cache(maxsize=2)
def _open(settings: Settings, name: str) -> SearchIndex:
    folder = settings.snapshots / name
    return open_search_index(settings, open_kept(folder, settings.snapshots, settings.snapshot_store))
