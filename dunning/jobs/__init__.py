"""One module per step: `run(…)` takes and returns `receipts`.

These hold counts, cents and hashes, never rows or names. `nightly` makes a date's lists, with
the `records` of earlier dates; `release` lets them leave or takes them back; `monthly` makes the
monthly notices; `queries` reads past dates; `policy_check` tries rules before they are in force;
`desk` does the work of the pages.
"""
