"""Assign each premise to one of 64 buckets, and find where the rows of a bucket begin.

The bucket is the 64-bit FNV-1a hash of the UTF-8 bytes of `premise_no`, its two halves folded
together, modulo 64: the same on every machine, in every version and for every order of rows.

Source: FNV-1a as in RFC 9923 (offset basis 14695981039346656037, prime 1099511628211).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.frames import BUCKETS

_BASIS, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)


def hash_texts(texts: pa.Array) -> npt.NDArray[np.uint64]:
    """Return the FNV-1a hash of each text's UTF-8 bytes; null hashes as the empty text.

    >>> [hex(h) for h in hash_texts(pa.array(["", "a", "foobar"])).tolist()]
    ['0xcbf29ce484222325', '0xaf63dc4c8601ec8c', '0x85944171f73967e8']
    """
    starts, octets = text_bytes(texts)
    lengths = np.diff(starts)
    hashes = np.full(len(lengths), _BASIS, np.uint64)
    rows, place = np.flatnonzero(lengths > 0), 0
    while rows.size:
        # One byte of every text a turn; texts that have ended drop out.
        hashes[rows] = (hashes[rows] ^ octets[starts[rows] + place]) * _PRIME
        place += 1
        rows = rows[lengths[rows] > place]
    return hashes


def buckets_of(premise_nos: pa.Array) -> npt.NDArray[np.int32]:
    """Return the bucket of each premise, 0 to 63.

    >>> buckets_of(pa.array(["000801", "000802"])).tolist()
    [61, 48]
    """
    hashes = hash_texts(premise_nos)
    return ((hashes ^ (hashes >> np.uint64(32))) % np.uint64(BUCKETS)).astype(np.int32)


def bucket_offsets(buckets: npt.NDArray) -> npt.NDArray[np.int64]:
    """Return the 65 places at which buckets begin and end in ascending bucket numbers."""
    return np.searchsorted(buckets, np.arange(BUCKETS + 1)).astype(np.int64)


def text_bytes(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return the start of each text (one more than texts) and the bytes of all; null is empty."""
    texts = texts if texts.null_count == 0 else texts.fill_null("")
    if not len(texts):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    # Arrow keeps a column of text as offsets and bytes; read both without making Python texts.
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1]
    octets = np.frombuffer(data or b"", np.uint8)[starts[0] : starts[-1]]
    return starts.astype(np.int64) - starts[0], octets
