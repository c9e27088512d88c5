"""Search index for accounts by name, address or any number, built from a snapshot.

`<home>/search/<snapshot>/` holds `accounts.arrow` (every account with its payer's name, address and
meter) and `numbers.npy`: of every invoice, court case and notice of the ledger, and of every phone
and e-mail address, 57 bits of a hash and 7 of its bucket, ascending. Both are mapped into memory,
not read. It can be made again from the snapshot at any time, and is removed with it.

    one entry of numbers.npy, 64 bits     | hash: 57 bits | bucket: 7 bits |
    all entries of a text lie in          [hash 0000000, hash + 1 0000000)
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import SCHEMAS, Bucket, Frame
from dunning.core.signs import replace_signs
from dunning.core.words import CHANNELS, code
from dunning.gateways.files.alive import alive, is_dead
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.ledger.buckets import hash_texts

_ACCOUNTS, _NUMBERS = "accounts.arrow", "numbers.npy"
# 64 buckets need 6 bits; one is spare
_HOME_BITS = np.uint64(7)
_READ = {
    "accounts": ("premise_no", "payer_code", "premise", "payer"),
    "premises": ("address", "settlement", "postcode", "meter_no"),
    "payers": ("name",),
    "items": ("account", "invoice_no"),
    "cases": ("account", "case_no"),
    "notices": ("account", "notice_no"),
    "contacts": ("payer", "channel", "address"),
}
_UNREAD = {name: set(SCHEMAS[name].names).difference(read) for name, read in _READ.items()}
# Tables with numbers of their own, and the columns that hold them.
_NUMBERED = {"items": "invoice_no", "cases": "case_no", "notices": "notice_no"}
_SMS, _EMAIL = code(CHANNELS, "sms"), code(CHANNELS, "email")
# Kinds of hashed texts: a phone and an invoice of the same digits must not be equal.
_NUMBER, _PHONE, _MAIL = "n", "p", "m"
# Fewer digits fit too many people.
_PHONE_SIGNS = 6
# the unit separator, which is in no number
_BETWEEN = "\x1f"
_PREFIXES = ("premise_no", "payer_code", "meter_no")


@dataclass(frozen=True)
class SearchIndex:
    """An open index.

    accounts: premise_no, payer_code, name, address, settlement, meter_no, folded (name, settlement,
    postcode, address, as `fold` gives them).
    """

    snapshot: Snapshot
    accounts: pa.Table
    numbers: npt.NDArray[np.uint64]

    def by_pair(self, words: Sequence[str], limit: int) -> pa.Table:
        """Return the accounts with premise number and payer code both among some words."""
        known = pa.array(sorted(words), pa.string())
        premise, payer = (
            pc.is_in(self.accounts[name], value_set=known) for name in ("premise_no", "payer_code")
        )
        return self._take(pc.and_(premise, payer), limit)

    def by_joined(self, text: str, limit: int) -> pa.Table:
        """Return the account of `<premise>-<payer>`, as in the end of our references."""
        joined = pc.binary_join_element_wise(
            self.accounts["premise_no"], self.accounts["payer_code"], "-"
        )
        return self._take(pc.equal(joined, text), limit)

    def by_number(self, text: str, limit: int) -> pa.Table:
        """Return the accounts with a text as premise number, payer code or meter number."""
        return self._any(pc.equal, text, limit)

    def by_beginning(self, text: str, limit: int) -> pa.Table:
        """Return the accounts with a premise, payer or meter number that begins with a text."""
        return self._any(pc.starts_with, text, limit)

    def by_end(self, text: str, limit: int) -> pa.Table:
        """Return the accounts with a premise number or payer code that ends with a text.

        Messages show the last four characters.
        """
        ends = (pc.ends_with(self.accounts[name], text) for name in ("premise_no", "payer_code"))
        return self._take(pc.or_(*ends), limit)

    def by_words(self, words: Sequence[str], limit: int) -> pa.Table:
        """Return the accounts that have every word in their name and address, in any order.

        A number must be there as a whole; of other words the beginning is enough.
        """
        rows = pa.array(np.arange(len(self.accounts)))
        folded = self.accounts["folded"]
        for word in words:
            # folded texts have a space around each word
            sought = f" {word} " if word.isdigit() else f" {word}"
            rows = rows.filter(pc.match_substring(folded.take(rows), sought).combine_chunks())
        # one more than the limit: the caller sees that there are more; without words none
        return self.accounts.take(rows.slice(0, limit + 1 if words else 0))

    def by_document(self, number: str) -> pa.Table:
        """Return the accounts of an invoice, court case or notice; none for an unknown number."""
        return self._by_key(_NUMBER, number)

    def by_phone(self, number: str) -> pa.Table:
        """Return the accounts of the payers with a phone number, in any spelling."""
        key = fold_phones(pa.array([number]))[0].as_py()
        return self._by_key(_PHONE, key) if len(key) >= _PHONE_SIGNS else self.accounts.slice(0, 0)

    def by_email(self, address: str) -> pa.Table:
        """Return the accounts of the payers with an e-mail address, upper or lower case."""
        return self._by_key(_MAIL, address.strip().lower())

    def _any(self, fits: Any, text: str, limit: int) -> pa.Table:
        found = [pc.fill_null(fits(self.accounts[name], text), False) for name in _PREFIXES]
        return self._take(pc.or_(pc.or_(found[0], found[1]), found[2]), limit)

    def _by_key(self, kind: str, text: str) -> pa.Table:
        key = _hash(kind, pa.array([text]))[0]
        # all entries of one hash lie side by side, whatever their buckets
        first, last = np.searchsorted(self.numbers, [key, key + (np.uint64(1) << _HOME_BITS)])
        buckets = sorted({int(entry & np.uint64(127)) for entry in self.numbers[first:last]})
        # hashes of different texts may be equal: the bucket itself decides
        owners = [pair for number in buckets for pair in self._owners(number, kind, text)]
        if not owners:
            return self.accounts.slice(0, 0)
        joined = pc.binary_join_element_wise(
            self.accounts["premise_no"], self.accounts["payer_code"], _BETWEEN
        )
        return self.accounts.filter(pc.is_in(joined, value_set=pa.array(owners)))

    def _owners(self, bucket_no: int, kind: str, text: str) -> list[str]:
        bucket = self.snapshot.read_bucket(bucket_no, _READ, _UNREAD)
        if kind == _NUMBER:
            found = [
                bucket.tables[table]["account"][
                    _places(pc.equal(bucket.tables[table].text(column), text))
                ]
                for table, column in _NUMBERED.items()
            ]
            accounts = np.unique(np.concatenate(found))
        else:
            channel, fold_all = (_SMS, fold_phones) if kind == _PHONE else (_EMAIL, fold_emails)
            contacts = bucket.contacts.take(bucket.contacts["channel"] == channel)
            payers = contacts["payer"][_places(pc.equal(fold_all(contacts.text("address")), text))]
            accounts = np.flatnonzero(np.isin(bucket.accounts["payer"], payers))
        pair = (
            bucket.accounts.text(name).take(pa.array(accounts))
            for name in ("premise_no", "payer_code")
        )
        owners: list[str] = pc.binary_join_element_wise(*pair, _BETWEEN).to_pylist()
        return owners

    def _take(self, mask: Any, limit: int) -> pa.Table:
        rows = _places(mask)[: limit + 1]
        return self.accounts.take(pa.array(rows))


def fold(texts: pa.Array) -> pa.Array:
    """Return texts as they are compared: lower case, one space around each word, no other signs.

    >>> fold(pa.array(["Росица МНИМА", "ул. „Шипка“ № 5", None])).to_pylist()
    [' росица мнима ', ' ул шипка 5 ', ' ']
    """
    plain = replace_signs(pc.utf8_lower(pc.fill_null(texts, "")), " ")
    trimmed = pc.utf8_trim_whitespace(plain)
    return pc.if_else(pc.equal(trimmed, ""), " ", pc.binary_join_element_wise("", trimmed, "", " "))


def fold_phones(texts: pa.Array) -> pa.Array:
    """Return phone numbers as they are compared: digits, no Bulgarian prefix, no leading zeros.

    >>> fold_phones(pa.array(["+359 888 123-456", "0888/123456", "00359888123456", "+49 30 1234567"])).to_pylist()
    ['888123456', '888123456', '888123456', '49301234567']
    """
    digits = pc.replace_substring_regex(pc.fill_null(texts, ""), r"[^0-9]", "")
    inland = pc.replace_substring_regex(digits, r"^(?:00)?359([0-9]{8,9})$", r"\1")
    return pc.replace_substring_regex(inland, r"^0+", "")


def fold_emails(texts: pa.Array) -> pa.Array:
    """Return e-mail addresses as they are compared: lower case, without outer spaces."""
    return pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(texts, "")))


def _places(mask: Any) -> npt.NDArray[np.int64]:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def _hash(kind: str, texts: pa.Array) -> npt.NDArray[np.uint64]:
    # shifted out and back: the lowest 7 bits are zero, free for the bucket
    return hash_texts(pc.binary_join_element_wise(kind, texts, ":")) >> _HOME_BITS << _HOME_BITS


def open_search_index(settings: Settings, snapshot: Snapshot) -> SearchIndex:
    """Return the index of a snapshot; it is built first if there is none."""
    folder = _folder(settings, snapshot.folder.name)
    if not (folder / _NUMBERS).is_file():
        build_search_index(settings, snapshot)
    with pa.memory_map(str(folder / _ACCOUNTS)) as source:
        accounts = pa.ipc.open_file(source).read_all()
    return SearchIndex(snapshot, accounts, np.load(folder / _NUMBERS, mmap_mode="r"))


def build_search_index(settings: Settings, snapshot: Snapshot) -> None:
    """Build the index of a snapshot, unless there is one; remove those of removed snapshots.

    It is built beside its place and moved there at the end: if two processes build it at once, the
    first one counts.
    """
    folder = _folder(settings, snapshot.folder.name)
    _sweep(settings)
    if (folder / _NUMBERS).is_file():
        return
    # an index of an earlier version of the program
    shutil.rmtree(folder, ignore_errors=True)
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with alive(beside):
            accounts, numbers = _gather(snapshot)
            with (
                pa.OSFile(str(beside / _ACCOUNTS), "wb") as sink,
                pa.ipc.new_file(sink, accounts.schema) as writer,
            ):
                writer.write_table(accounts)
            np.save(beside / _NUMBERS, numbers)
            for path in beside.iterdir():
                path.chmod(0o600)
            try:
                os.rename(beside, folder)
            # another process was faster: its index is the same
            except OSError:
                if not folder.is_dir():
                    raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _folder(settings: Settings, name: str) -> Path:
    return settings.home / "search" / name


def _sweep(settings: Settings) -> None:
    """Remove the indexes of removed snapshots, and what a killed process left unfinished."""
    root = settings.home / "search"
    for folder in root.iterdir() if root.is_dir() else ():
        is_unfinished = folder.name.startswith(".")
        is_useless = (
            is_dead(folder) if is_unfinished else not (settings.snapshots / folder.name).is_dir()
        )
        if is_useless:
            shutil.rmtree(folder, ignore_errors=True)


def _gather(snapshot: Snapshot) -> tuple[pa.Table, npt.NDArray[np.uint64]]:
    parts, hashes = [], [np.zeros(0, np.uint64)]
    for number in snapshot.buckets():
        bucket = snapshot.read_bucket(number, _READ, _UNREAD)
        parts.append(_accounts(bucket.accounts, bucket.premises, bucket.payers))
        hashes += [keys | np.uint64(number) for keys in _keys(bucket)]
    empty = {name: pa.array([], pa.string()) for name in _COLUMNS}
    accounts = pa.concat_tables(parts) if parts else pa.table(empty)
    # sorted, so that the answers come in the same order whatever the buckets
    ordered = accounts.sort_by([("premise_no", "ascending"), ("payer_code", "ascending")])
    return ordered.combine_chunks(), _each_once(np.concatenate(hashes))


def _each_once(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return each hash once, ascending.

    `np.unique` takes many times as long for millions that hardly repeat.
    """
    ordered = np.sort(hashes)
    # the slice is for no hashes at all, where True alone would be one too many
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)]]


def _keys(bucket: Bucket) -> Iterator[npt.NDArray[np.uint64]]:
    for table, column in _NUMBERED.items():
        yield _hash(_NUMBER, bucket.tables[table].text(column))
    for kind, channel, fold_all in ((_PHONE, _SMS, fold_phones), (_MAIL, _EMAIL, fold_emails)):
        contacts = bucket.contacts.take(bucket.contacts["channel"] == channel)
        yield _hash(kind, fold_all(contacts.text("address")))


_COLUMNS = ("premise_no", "payer_code", "name", "address", "settlement", "meter_no", "folded")


def _accounts(accounts: Frame, premises: Frame, payers: Frame) -> pa.Table:
    premise, payer = pa.array(accounts["premise"]), pa.array(accounts["payer"])
    name = pc.fill_null(payers.text("name").take(payer), "")
    address, settlement, postcode, meter_no = (
        premises.text(each).take(premise)
        for each in ("address", "settlement", "postcode", "meter_no")
    )
    parts = (name, settlement, postcode, address)
    joined = pc.binary_join_element_wise(*parts, " ", null_handling="replace", null_replacement="")
    columns = {
        "premise_no": accounts.text("premise_no"),
        "payer_code": accounts.text("payer_code"),
        "name": name,
        "address": address,
        "settlement": settlement,
        "meter_no": meter_no,
        "folded": fold(joined),
    }
    return pa.table({key: columns[key].cast(pa.string()) for key in _COLUMNS})
