"""The sample ledger: an extract of an invented supplier; the same seed gives the same bytes.

Accounts behave (pay on time, forget, pay in parts, move, dispute, break a plan); stages are what
comes of it. No person in it exists: names are invented, persons were born in the nineteenth
century, companies have numbers that are never issued, phones follow a pattern of zeros, and mail
goes to example.com.
"""

from dunning.sample.files import TableReceipt
from dunning.sample.write import SampleReceipt, write_sample

__all__ = ["SampleReceipt", "TableReceipt", "write_sample"]
