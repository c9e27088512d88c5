"""Array types of columns, each with one meaning; shared by decisions, ledger and sample.

The static type of `Places` is any signed integer: a snapshot keeps places as int32, to be small,
and what numpy finds (`flatnonzero`, `argsort`, `searchsorted`) is int64. Both index a column; a
place is widened where it becomes part of a wider key.
"""

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]  # one answer per row; also a mask of rows
Codes = npt.NDArray[np.int8]  # places in a closed list of `words`; -1 is none
Places = npt.NDArray[np.signedinteger]  # row numbers in another frame; -1 is none
Days = npt.NDArray[np.int32]  # days since 1970-01-01; `days.NEVER` is no date
Cents = npt.NDArray[np.int64]  # minor units: euro cents or stotinki
Ints = npt.NDArray[np.int64]  # counts, sort keys and other whole numbers
