"""Read files into typed columns.

The steps: `sources` finds the files, `dialects` (with `encodings` and `encoding_guess`) how they
are written, `streams` and `records` return their rows, `readers` their columns as text, `values`
and `parsing` typed ones. A mapping uses `mapping_file`, `mapping`, `mapped`, `joined`.
"""
