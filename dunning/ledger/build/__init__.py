"""The snapshot's tables, made bucket by bucket from rows that are attributed.

`assembly` is the way through; `bucket_passes` takes the large tables some buckets at a time, and one
`build_…` module makes each group of tables on the `build_context` that they share.
"""
