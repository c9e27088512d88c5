"""Straight from a billing database: its tables as an extract's files, read only, under one
snapshot.

`extract_billing` is the whole of it; what it leaves is a folder like any other extract, and the
loader reads it.
"""
