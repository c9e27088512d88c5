"""Extracts from a billing database: its tables as files, read only, under one snapshot.

`extract_billing` is the entry point; its result is a folder like any other extract, which the
loader reads.
"""
