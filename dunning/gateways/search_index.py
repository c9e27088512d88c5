"""Finding accounts by number, invoice or name: an index beside the snapshots, made of one, removed with it.

`<home>/search/<snapshot>/` holds `accounts.arrow` (every account with its payer's name and address) and `invoices.npy`
(of every invoice 57 bits of its number's hash and 7 of its bucket, ascending). Both are mapped into memory, not read.
It can be made again from the snapshot at any time.
"""

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import Frame
from dunning.gateways.ledger.buckets import hash_texts
from dunning.gateways.settings import Settings
from dunning.gateways.snapshots import Snapshot

_ACCOUNTS, _INVOICES = "accounts.arrow", "invoices.npy"
_HOME_BITS = np.uint64(7)
_TABLES = ("accounts", "premises", "payers", "items")


@dataclass(frozen=True)
class SearchIndex:
    """An open index. accounts: premise_no, payer_code, name, folded (the name in lower case), address, settlement."""

    snapshot: Snapshot
    accounts: pa.Table
    invoices: npt.NDArray[np.uint64]

    def by_number(self, text: str, limit: int) -> pa.Table:
        """Return the accounts whose premise or payer number is a text; else those whose number begins with it."""
        exact = pc.or_(pc.equal(self.accounts["premise_no"], text), pc.equal(self.accounts["payer_code"], text))
        found = self._take(exact, limit)
        if len(found):
            return found
        starts = pc.or_(
            pc.starts_with(self.accounts["premise_no"], text), pc.starts_with(self.accounts["payer_code"], text)
        )
        return self._take(starts, limit)

    def by_name(self, words: Iterable[str], limit: int) -> pa.Table:
        """Return the accounts whose payer's name holds every one of the words, in any order, small or capital."""
        mask: Any = None
        for word in words:
            holds = pc.match_substring(self.accounts["folded"], word.casefold())
            mask = holds if mask is None else pc.and_(mask, holds)
        return self.accounts.slice(0, 0) if mask is None else self._take(mask, limit)

    def by_invoice(self, invoice_no: str) -> pa.Table:
        """Return the account of an invoice; none where there is no such number."""
        key = hash_texts(pa.array([invoice_no]))[0] >> _HOME_BITS << _HOME_BITS
        first, last = np.searchsorted(self.invoices, [key, key + (np.uint64(1) << _HOME_BITS)])
        found = [self._owner(int(entry & np.uint64(127)), invoice_no) for entry in self.invoices[first:last]]
        pairs = {pair for pair in found if pair is not None}
        mask = np.zeros(len(self.accounts), np.bool_)
        for premise_no, payer_code in pairs:
            same = pc.and_(
                pc.equal(self.accounts["premise_no"], premise_no), pc.equal(self.accounts["payer_code"], payer_code)
            )
            mask |= same.to_numpy()
        return self.accounts.filter(pa.array(mask))

    def _owner(self, bucket_no: int, invoice_no: str) -> tuple[str, str] | None:
        bucket = self.snapshot.read_bucket(bucket_no, ("accounts", "items"))
        rows = np.flatnonzero(pc.equal(bucket.items.text("invoice_no"), invoice_no).to_numpy(zero_copy_only=False))
        if not len(rows):
            return None
        account = int(bucket.items["account"][rows[0]])
        premise_no, payer_code = (bucket.accounts.text(name)[account].as_py() for name in ("premise_no", "payer_code"))
        return premise_no, payer_code

    def _take(self, mask: Any, limit: int) -> pa.Table:
        rows = np.flatnonzero(mask.to_numpy())[: limit + 1]
        return self.accounts.take(pa.array(rows))


def open_search_index(settings: Settings, snapshot: Snapshot) -> SearchIndex:
    """Return the index of a snapshot; it is made first where there is none."""
    folder = _folder(settings, snapshot.folder.name)
    if not folder.is_dir():
        build_search_index(settings, snapshot)
    with pa.memory_map(str(folder / _ACCOUNTS)) as source:
        accounts = pa.ipc.open_file(source).read_all()
    return SearchIndex(snapshot, accounts, np.load(folder / _INVOICES, mmap_mode="r"))


def build_search_index(settings: Settings, snapshot: Snapshot) -> None:
    """Make the index of a snapshot, unless it is there; those of snapshots that are gone are removed.

    It is made beside its place and moved there at the end: of two that make it at once the first one counts.
    """
    folder = _folder(settings, snapshot.folder.name)
    _sweep(settings)
    if folder.is_dir():
        return
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.unfinished")
    beside.mkdir(mode=0o700, parents=True)
    try:
        accounts, invoices = _gather(snapshot)
        with pa.OSFile(str(beside / _ACCOUNTS), "wb") as sink, pa.ipc.new_file(sink, accounts.schema) as writer:
            writer.write_table(accounts)
        np.save(beside / _INVOICES, invoices)
        for path in beside.iterdir():
            path.chmod(0o600)
        try:
            os.rename(beside, folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _folder(settings: Settings, name: str) -> Path:
    return settings.home / "search" / name


def _sweep(settings: Settings) -> None:
    """Remove the indexes whose snapshots are not here any more, and what was left unfinished long ago."""
    root = settings.home / "search"
    for folder in root.iterdir() if root.is_dir() else ():
        if not folder.name.startswith(".") and not (settings.snapshots / folder.name).is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _gather(snapshot: Snapshot) -> tuple[pa.Table, npt.NDArray[np.uint64]]:
    parts, hashes = [], [np.zeros(0, np.uint64)]
    for number in snapshot.buckets():
        bucket = snapshot.read_bucket(number, _TABLES)
        parts.append(_accounts(bucket.accounts, bucket.premises, bucket.payers))
        keys = hash_texts(bucket.items.text("invoice_no"))
        hashes.append(keys >> _HOME_BITS << _HOME_BITS | np.uint64(number))
    empty = {name: pa.array([], pa.string()) for name in _COLUMNS}
    accounts = pa.concat_tables(parts) if parts else pa.table(empty)
    ordered = accounts.sort_by([("premise_no", "ascending"), ("payer_code", "ascending")])
    return ordered.combine_chunks(), np.sort(np.concatenate(hashes))


_COLUMNS = ("premise_no", "payer_code", "name", "folded", "address", "settlement")


def _accounts(accounts: Frame, premises: Frame, payers: Frame) -> pa.Table:
    premise, payer = pa.array(accounts["premise"]), pa.array(accounts["payer"])
    name = pc.fill_null(payers.text("name").take(payer), "")
    columns = {
        "premise_no": accounts.text("premise_no"),
        "payer_code": accounts.text("payer_code"),
        "name": name,
        "folded": pc.utf8_lower(name),
        "address": premises.text("address").take(premise),
        "settlement": premises.text("settlement").take(premise),
    }
    return pa.table({key: columns[key].cast(pa.string()) for key in _COLUMNS})
