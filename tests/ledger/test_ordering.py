"""Rows in the order of numbers, then of text by code point; buckets that are the same
everywhere.
"""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dunning.ledger.buckets import bucket_offsets, buckets_of, hash_texts
from dunning.ledger.ordering import order_rows, pack_keys, text_ranks

wide = st.integers(-(2**62), 2**62)
row = st.tuples(
    st.integers(0, 2), wide, st.sampled_from([-7, 0, 2**30]), st.text("aбZ0", max_size=3)
)
rows = st.lists(row, max_size=12)


@given(rows)
def test_numbers_first_then_text(given_rows):
    different = sorted(set(given_rows), key=str)
    first, second, third = (np.array([row[i] for row in different], np.int64) for i in range(3))
    order = order_rows((first, second, third), pa.array([row[3] for row in different], pa.string()))
    assert sorted(different) == [different[i] for i in order]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_ties_stay_as_they_stand(pairs):
    first, second = (np.array([pair[i] for pair in pairs], np.int32) for i in range(2))
    assert sorted(range(len(pairs)), key=lambda i: pairs[i]) == order_rows((first, second)).tolist()


def test_keys_too_wide_for_one_number_are_ranked():
    keys = [np.array([0, 2**62, 2**62], np.int64), np.array([2**62, 5, -(2**61)], np.int64)]
    assert [0, 2, 1] == np.argsort(pack_keys(*keys)).tolist()


def test_text_ranks_are_by_code_point():
    assert [2, 1, 4, 3, 2] == text_ranks(pa.array(["Z", "0", "б", "a", "Z"])).tolist()
    assert [] == text_ranks(pa.array([], pa.string())).tolist()


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=8), st.integers(0, 3))
def test_the_hash_is_fnv_1a_of_the_bytes(texts, start):
    expected = []
    for text in texts[start:]:
        hashed = 14695981039346656037
        for octet in (text or "").encode():
            hashed = (hashed ^ octet) * 1099511628211 % 2**64
        expected.append(hashed)
    assert expected == hash_texts(pa.array(texts, pa.string()).slice(start)).tolist()


def test_the_bucket_of_a_premise_never_changes():
    assert [61, 48, 48, 25, 48] == buckets_of(
        pa.array(["000801", "000802", "1", "2", "аб. № 3"])
    ).tolist()


def test_offsets_tell_where_buckets_begin():
    offsets = bucket_offsets(np.array([0, 0, 2, 63]))
    assert [0, 2, 2, 3] == offsets[:4].tolist()
    assert [3, 4] == offsets[-2:].tolist()
