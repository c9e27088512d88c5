"""From files to typed columns.

The way through: `sources` finds the files, `dialects` (with `encodings` and `encoding_guess`) how
they are written, `streams` and `records` give their rows, `readers` their columns as text, `values`
and `parsing` typed ones. A mapping goes `mapping_file`, `mapping`, `mapped`, `joined`.
"""
