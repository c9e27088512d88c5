"""Find premises, payers and tenancies by code or number, all of them already checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.frames import BUCKETS
from dunning.ledger.attribute.accounts import Numbering, Pairs, distinct, number_rows
from dunning.ledger.attribute.tenancy_periods import Tenures, merge_tenancies
from dunning.ledger.text_index import UNKNOWN, UNNAMED, TextIndex
from dunning.ledger.typed_tables import TypedTable


@dataclass(frozen=True)
class Register:
    """Numbers of premises and payers, which of them are taken in, and the tenancies.

    Attributes:
        numbering: numbers of premises and payers in snapshot order.
        premises, payers: rows of the two tables by key.
        premise_accepted, payer_accepted: by number.
        tenures: merged tenancies that are taken in, by premise number.
        pairs: (premise, payer) of these tenancies, ascending, each once.
    """

    numbering: Numbering
    premises: TextIndex
    payers: TextIndex
    premise_accepted: Flags
    payer_accepted: Flags
    tenures: Tenures
    pairs: Pairs

    def number_premises(self, codes: pa.Array) -> Places:
        """Return the number of each premise; UNNAMED for null, UNKNOWN where it is missing.

        Missing: the extract has no premise with that key.
        """
        return _number(codes, self.premises, self.numbering.premise)

    def number_payers(self, codes: pa.Array) -> Places:
        """Return the number of each payer; UNNAMED for null, UNKNOWN where it is missing.

        Missing: the extract has no payer with that key.
        """
        return _number(codes, self.payers, self.numbering.payer)

    def pairs_of(self, buckets: range) -> Pairs:
        """Return the pairs of tenancies in some consecutive buckets."""
        first, last = self._first_pair[buckets.start], self._first_pair[buckets.stop]
        return self.pairs[first:last]

    @cached_property
    def _first_pair(self) -> npt.NDArray[np.int64]:
        """The place in `pairs` where each bucket begins."""
        premise = np.searchsorted(self.numbering.bucket, np.arange(BUCKETS + 1))
        # Pairs rise with the premise number, and premise numbers with the bucket.
        return np.searchsorted(self.pairs, premise * max(len(self.numbering.payer), 1))


def make_register(tables: Mapping[str, TypedTable]) -> Register:
    """Return the register of an extract with checked premises, payers and tenancies."""
    premises, payers, tenancies = (tables[name] for name in ("premises", "payers", "tenancies"))
    numbering = number_rows(premises.frame.text("premise_no"), payers.frame.text("payer_code"))
    premise_rows = TextIndex(premises.frame.text("premise_no"))
    payer_rows = TextIndex(payers.frame.text("payer_code"))
    # Refused tenancies make no account and cover no day.
    rows = np.flatnonzero(tenancies.accepted)
    frame = tenancies.frame
    premise = _number(frame.text("premise_no"), premise_rows, numbering.premise)[rows]
    payer = _number(frame.text("payer_code"), payer_rows, numbering.payer)[rows]
    tenures = merge_tenancies(
        premise,
        payer,
        frame["valid_from"][rows],
        frame["valid_until"][rows],
        premises=len(numbering.premise),
    )
    return Register(
        numbering,
        premise_rows,
        payer_rows,
        premises.accepted[numbering.premise_row],
        payers.accepted[numbering.payer_row],
        tenures,
        distinct(numbering.pair(premise, payer)),
    )


def _number(codes: pa.Array, index: TextIndex, numbers: Places) -> Places:
    """Return the numbers of codes; each different code is searched for once."""
    encoded = codes.dictionary_encode()
    found = index.find(encoded.dictionary)
    known = found >= 0
    found[known] = numbers[found[known]]
    # One more place at the end, to which all nulls point.
    found = np.append(found, UNNAMED).astype(np.int32)
    return found[pc.fill_null(encoded.indices, len(found) - 1).to_numpy(zero_copy_only=False)]


def is_refused(numbers: Places, accepted: Flags) -> Flags:
    """Return which numbers are UNKNOWN or of refused rows."""
    missing = numbers == UNKNOWN
    known = numbers >= 0
    # Only known numbers may be used as places.
    missing[known] = ~accepted[numbers[known]]
    return missing
