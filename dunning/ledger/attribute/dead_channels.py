"""End the contacts that a refused contact of the same payer and channel may have replaced.

A refused contact shows that something newer was registered or revoked, but not what. So the older
addresses of that payer and channel end on the day of the refused one. Where its day cannot be
read, all of them have ended; where its channel cannot be read, or the row is ragged, those of
every channel.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.words import CHANNELS
from dunning.ledger.attribute.accounts import Numbering
from dunning.ledger.attribute.references import References, take_or
from dunning.ledger.check.quarantine import Cells
from dunning.ledger.text_index import find_places
from dunning.ledger.typed_tables import NO_INSTANT

Instants = npt.NDArray[np.int64]

_SECONDS_BITS = 33  # instants lie between 1990 and 2100


def end_older_contacts(references: References, numbering: Numbering, cells: Cells) -> Instants:
    """Return when each contact ends: `revoked_at`, or earlier where a refused one follows it.

    One instant per row of contacts.

    Args:
        references: of all tables.
        numbering: of payers.
        cells: refused contacts as read.
    """
    contacts = references.tables["contacts"]
    ends, registered_at = contacts.frame["revoked_at"].copy(), contacts.frame["registered_at"]
    payer = take_or(numbering.payer, references.places("contacts", "payer_code"), -1).astype(
        np.int64
    )
    refused = np.flatnonzero(contacts.is_refused & (payer >= 0))
    keys, since = _spread(
        payer[refused], contacts.frame["channel"][refused], registered_at[refused]
    )
    ragged = np.array(list(_ragged_payers(references, numbering, cells)), np.int64)
    every, never = _spread(ragged, np.full(len(ragged), -1), np.full(len(ragged), NO_INSTANT))
    keys, since = np.concatenate((keys, every)), np.concatenate((since, never))
    if not len(keys):
        return ends
    own = payer * len(CHANNELS) + contacts.frame["channel"]
    rows = np.flatnonzero(contacts.accepted & np.isin(own, keys))
    # A refused contact without a day may be older than all: they end when they begin.
    undated = np.isin(own[rows], keys[since == NO_INSTANT])
    next_refused = np.where(
        undated, registered_at[rows], _find_next(own[rows], registered_at[rows], keys, since)
    )
    ends[rows] = np.minimum(ends[rows], next_refused)
    return ends


def _spread(payer: Places, channel: Places, since: Instants) -> tuple[Places, Instants]:
    """Return a key of payer and channel for each row, and its instant.

    A row with an unknown channel gives one key for every channel.
    """
    known = channel >= 0
    width = len(CHANNELS)
    every = (payer[~known][:, None] * width + np.arange(width)).ravel()
    keys = np.concatenate((payer[known] * width + channel[known], every))
    return keys, np.concatenate((since[known], np.repeat(since[~known], width)))


def _find_next(own: Places, registered_at: Instants, keys: Places, since: Instants) -> Instants:
    """Return the first refused instant under the key of each contact, from its own instant on.

    NO_INSTANT where there is none.
    """
    dated = since != NO_INSTANT
    # Key and instant packed into one sorted number, so that one searchsorted finds "same key, not
    # earlier":
    # line   | k1: 10  40 | k2: 5 | k3: 7  9 |
    # asked     k1: 20 ^ -> k1: 40         k2: 6 -> k3: 7, another key: none
    line = np.sort((keys[dated] << _SECONDS_BITS) + since[dated])
    if not len(line):
        return np.full(len(own), NO_INSTANT)
    at = np.searchsorted(line, (own << _SECONDS_BITS) + registered_at)
    found = line[np.minimum(at, len(line) - 1)]
    is_next = (at < len(line)) & (found >> _SECONDS_BITS == own)
    return np.where(is_next, found & ((1 << _SECONDS_BITS) - 1), NO_INSTANT)


def _ragged_payers(references: References, numbering: Numbering, cells: Cells) -> Iterator[int]:
    """Yield the number of every payer that a ragged row names in any cell."""
    rows = [cells.get(line, ()) for line in references.tables["contacts"].ragged_lines.tolist()]
    texts = pa.array([cell.strip() for row in rows for cell in row], pa.string())
    places = find_places(texts, references.tables["payers"].frame.text("payer_code"))
    yield from numbering.payer[places[places >= 0]].tolist()
