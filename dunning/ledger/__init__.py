"""From an extract's cells to a checked snapshot: contract, section 2. Pure but for reading the
extract.

The way through, in `load`: `read` gives typed rows, `check` marks those that break the contract,
`attribute` says whose each invoice and payment is, `build` makes the snapshot's tables bucket by
bucket and hands them to the writer that it was given. Large tables go through `large_tables` and
`bucket_files`, so that memory does not grow with the extract.
"""
