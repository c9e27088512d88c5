"""State of each new document of a notice: where its sum counts, or why it does not."""

import numpy as np
import numpy.typing as npt

from dunning.core.days import NEVER
from dunning.core.frames import Bucket, Frame
from dunning.core.words import PROTECTIONS, code
from dunning.decisions.account.allocation import convert_some
from dunning.decisions.frames import Decision
from dunning.decisions.segments import index_rows

# to_pay: what is open counts in the document's own row. overdue: in the overdue row. held (a hold
# or a court case), agreed, expired: it is open, but not to be paid with this notice. settled:
# nothing is open. set_off: a credit note, which has lessened what is open or is left over as
# credit.
DOCUMENT_STATES = ("to_pay", "overdue", "held", "agreed", "expired", "settled", "set_off")
TO_PAY, _OVERDUE, _HELD, _AGREED, _EXPIRED, _SETTLED, _SET_OFF = range(len(DOCUMENT_STATES))
_AGREEMENT = code(PROTECTIONS, "agreement")


def find_document_states(bucket: Bucket, decision: Decision, documents: Frame) -> Frame:
    """Return the documents with their standing and their open amount.

    Four columns more: standing (of DOCUMENT_STATES), bill_cents, open_cents, pay_on.

    bill_cents: the whole amount in euro. open_cents: what of it is open. pay_on: the day by which
    that is to be paid in the document's own row; else `NEVER`.

    Args:
        documents: as `find_documents` gives them.
    """
    amount = documents["amount_minor"]
    is_bgn = documents["is_bgn"]
    opened = decision.open_items
    place = index_rows(opened["item"], len(bucket.items))[documents["item"]]
    # A bill of 0 is never settled by a payment: it counts as to pay, with 0.
    standing = np.where(
        documents["item"] < 0, _SET_OFF, np.where(amount == 0, TO_PAY, _SETTLED)
    ).astype(np.int8)
    standing = np.where(place < 0, standing, np.r_[_states_of(opened), np.int8(-1)][place])
    is_due = (standing == TO_PAY) & (place >= 0)
    return documents.with_columns(
        standing=standing,
        bill_cents=np.where(is_bgn, convert_some(np.where(is_bgn, amount, 0)), amount),
        open_cents=np.r_[opened["open_cents"], np.int64(0)][place],
        pay_on=np.where(is_due, documents["due_on"], NEVER).astype(np.int32),
    )


def _states_of(opened: Frame) -> npt.NDArray[np.int8]:
    """Return the standing of each open item.

    A protection comes before limitation, and that before overdue.
    """
    protection = opened["shield"]
    return np.select(
        [protection == _AGREEMENT, protection != 0, opened["is_expired"], opened["is_overdue"]],
        [_AGREED, _HELD, _EXPIRED, _OVERDUE],
        TO_PAY,
    ).astype(np.int8)
