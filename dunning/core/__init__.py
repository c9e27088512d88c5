"""Words that everybody uses, each fact once: the ladder, the lists, ledger tables, closed lists of
words, money, days, array types, errors, and the frames of a snapshot.
"""
