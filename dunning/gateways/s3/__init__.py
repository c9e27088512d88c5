"""An object store: places in it, transfers with checksums, folders published as a whole.

`object_store` is a place and its objects. `transfers` fetches and writes them, compared by
`checksums`; `extracts` fetches a ledger, `publishing` writes a folder under its seal. `refusals`
explains what the store answers.
"""
