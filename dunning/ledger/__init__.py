"""Read an extract and write a checked snapshot: contract, section 2.

Pure except for reading the extract. The steps, in `load`: `read` returns typed rows, `check` marks
rows that break the contract, `attribute` assigns each invoice and payment to an account, and
`build` makes the snapshot's tables bucket by bucket and passes them to the given writer. Large
tables go through `large_tables` and `bucket_files`, so that memory does not grow with the extract.
"""
