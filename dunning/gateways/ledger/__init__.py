"""The ledger's door: an extract's files become one immutable snapshot.

Files -> raw tables (`sources`, `mapping`) -> typed tables (`parsing`, `duplicates`) -> references, attribution and
snapshot (`load`). The contract's tables and reasons are data in `tables`; `raw` holds the shapes that pass between.
"""
