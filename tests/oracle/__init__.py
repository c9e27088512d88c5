"""The decisions once more, plain and slow: one account at a time, days as dates, money as
fractions; and in `door` what the ledger's door takes in.

Written from the contract alone, so that the columnar version can be compared with something
obviously right. Of the program it takes tables, words and the marks of addresses; `bucket` hands
the program its own policy with the oracle's values in it. Nothing here is imported by the program.
"""
