"""The sample ledger: an invented supplier's extract, the same bytes for the same seed.

Accounts behave (pay on time, forget, pay in parts, move, dispute, break a plan); stages are what
comes of it. Nobody in it exists: names are invented, persons were born in the nineteenth century,
companies carry numbers that are not given out, phones stand in a pattern of zeros, and mail goes to
example.com.
"""

from dunning.sample.files import TableReceipt
from dunning.sample.write import SampleReceipt, write_sample

__all__ = ["SampleReceipt", "TableReceipt", "write_sample"]
