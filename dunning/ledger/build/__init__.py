"""Build the snapshot's tables, bucket by bucket, from attributed rows.

`assembly` runs the steps; `bucket_passes` processes the large tables some buckets at a time and
gives `built_buckets`; one `build_…` module makes each group of tables from the shared
`build_context`.
"""
