"""Snapshots of ledgers: written once, sealed, and found again on this machine or in the store.

`writer` makes a snapshot, `snapshot` reads it, from `row_groups` that are compared with their
hashes; `snapshot_store` keeps them. `search_index` finds accounts in one. Beside
them, `what_if_store` keeps trials of other rules.
"""
