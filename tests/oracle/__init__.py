"""The decisions once more, plain and slow: one account at a time, days as dates, money as
fractions; and in `door` what the ledger's door takes in.

Written from the contract alone, so that the columnar version can be compared with something
obviously right. Nothing here is imported by the program.
"""
