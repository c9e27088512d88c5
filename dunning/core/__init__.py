"""Words and types that all packages share, each fact once.

The ladder, the lists, ledger tables, closed lists of words, money, days, array types, errors,
progress lines, and the frames of a snapshot.
"""
