"""Channel and address of a message to a payer, after the results of earlier messages."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Codes, Days, Flags, Places
from dunning.core.days import NEVER
from dunning.core.frames import Bucket, Frame, frame_of
from dunning.core.words import CHANNELS
from dunning.decisions.lists.contact_points import (
    EMAIL,
    POST,
    SMS,
    Contact,
    blank_to_null,
    filled,
    known_contacts,
    newest_contact,
)
from dunning.decisions.lists.letters import compare_key, postal_addresses
from dunning.decisions.segments import index_rows

_NOTHING = pa.scalar(None, pa.string())

# One row per payer and channel with a failed newest message. sent_on: its day. written_to: the mark
# of the address of a letter of ours (`mark_addresses`), null where it was not recorded; premise_no:
# the premise of that message.
FAILURES = pa.schema(
    {
        "payer_code": pa.string(),
        "channel": pa.string(),
        "sent_on": pa.date32(),
        "written_to": pa.string(),
        "premise_no": pa.string(),
    }
)


@dataclass(frozen=True)
class Reach:
    """Channel and address of accounts, aligned with the accounts asked for.

    channel: words.CHANNELS, -1 where there is no address; address: E.164, e-mail or postal address,
    null without.
    """

    channel: Codes
    address: pa.Array


def with_failures(bucket: Bucket, failures: pa.Table) -> Bucket:
    """Return a bucket with the table `failures`: the failed messages of its payers.

    As FAILURES, with `payer` and `channel` as places.
    """
    rows = frame_of(failures)
    payer = pc.index_in(rows.text("payer_code"), value_set=bucket.payers.text("payer_code"))
    channel = pc.index_in(rows.text("channel"), value_set=pa.array(CHANNELS))
    payer, channel = (
        pc.fill_null(at, -1).to_numpy(zero_copy_only=False) for at in (payer, channel)
    )
    here = np.flatnonzero((payer >= 0) & (channel >= 0))
    found = rows.take(here).with_columns(payer=payer[here], channel=channel[here])
    return Bucket(bucket.index, {**bucket.tables, "failures": found})


def reach(bucket: Bucket, accounts: Places, as_of: int) -> Reach:
    """Return channel and address of each account's payer on `as_of`: sms, else e-mail, else post.

    A channel with a failed newest message to the payer is out until a contact is registered after
    the day on which that was sent; post, too, once the address differs from the one written to.
    """
    payers = bucket.accounts["payer"][accounts]
    contacts = known_contacts(bucket, payers, as_of)
    mobile, email, letters = (
        newest_contact(bucket, contacts, channel, payers) for channel in (SMS, EMAIL, POST)
    )
    by_wire = [
        _without(mobile.address, _has_failed(bucket, SMS, payers, mobile)),
        _without(email.address, _has_failed(bucket, EMAIL, payers, email)),
    ]
    # Postal addresses are slow to find: only for those without SMS and e-mail.
    is_unreached = ~(filled(by_wire[0]) | filled(by_wire[1]))
    has_failed = _has_failed(bucket, POST, payers, letters)
    columns = [*by_wire, _write_to(bucket, accounts, is_unreached, has_failed, as_of)]
    channel = np.select([filled(column) for column in columns], [SMS, EMAIL, POST], -1).astype(
        np.int8
    )
    return Reach(channel, pc.coalesce(*columns))


def _write_to(
    bucket: Bucket, accounts: Places, is_unreached: Flags, has_failed: Flags, as_of: int
) -> pa.Array:
    """Return the postal address of the accounts that no other channel reaches.

    Only these are looked up.

    Args:
        has_failed: accounts with a failed newest letter; none goes to the same address again.
    """
    asked = np.flatnonzero(is_unreached)
    post = postal_addresses(bucket, accounts[asked], as_of)
    post = _without(post, has_failed[asked] & _is_the_same_box(bucket, accounts[asked], post))
    row = np.full(len(accounts), -1, np.int64)
    row[asked] = np.arange(len(asked))
    return post.take(pa.array(row, mask=row < 0))


def mark_addresses(addresses: pa.Array) -> pa.Array:
    """Return a mark per postal address that is the same for all spellings; null for none.

    A SHA-256: it is kept for ever, so the address must not be readable.
    """
    keys = compare_key(addresses).to_pylist()
    return pa.array(
        [hashlib.sha256(key.encode()).hexdigest() if key else None for key in keys], pa.string()
    )


def _failures_of(bucket: Bucket, channel: int) -> Frame | None:
    failures = bucket.tables.get("failures")
    return None if failures is None else failures.take(failures["channel"] == channel)


def _has_failed(bucket: Bucket, channel: int, payers: Places, contact: Contact) -> Flags:
    """Return per row whether the newest message by a channel failed with no contact since.

    True where the payer has registered no contact of that channel after that message was sent.
    """
    failures = _failures_of(bucket, channel)
    sent_on: Days = np.full(len(bucket.payers), -NEVER, np.int32)
    if failures is not None:
        sent_on[failures["payer"]] = failures["sent_on"]
    is_since = (contact.registered_on > sent_on[payers]) & (contact.registered_on < NEVER)
    return (sent_on[payers] > -NEVER) & ~is_since


def _is_the_same_box(bucket: Bucket, accounts: Places, post: pa.Array) -> Flags:
    """Return which letters would go where the payer's newest failed letter went, as far as known.

    The address of a letter that the ledger recorded is unknown: it was the payer's own, if there is
    one, else that of the premise that the letter was about. (A contact for post that came since is
    checked before.)
    """
    failures = _failures_of(bucket, POST)
    if failures is None or len(failures) == 0:
        return np.zeros(len(accounts), np.bool_)
    row = index_rows(failures["payer"], len(bucket.payers))[bucket.accounts["payer"][accounts]]
    asked = np.flatnonzero(row >= 0)
    at = pa.array(row[asked])
    written_to = failures.text("written_to").take(at)
    about = failures.text("premise_no").take(at)
    of = bucket.accounts.take(accounts[asked])
    has_own = pc.is_valid(blank_to_null(bucket.payers.take(of["payer"]).text("postal_address")))
    guess = pc.or_(has_own, pc.equal(about, of.text("premise_no")))
    today = mark_addresses(post.take(pa.array(asked)))
    same = pc.if_else(pc.is_valid(written_to), pc.equal(written_to, today), guess)
    found = np.zeros(len(accounts), np.bool_)
    # In doubt no second letter goes to an address that may be wrong.
    found[asked] = pc.fill_null(same, True).to_numpy(zero_copy_only=False)
    return found


def _without(addresses: pa.Array, is_out: Flags) -> pa.Array:
    return pc.if_else(pa.array(is_out), _NOTHING, addresses)
