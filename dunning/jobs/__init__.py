"""One module a step: `run(…)` takes and gives receipts (counts, cents, hashes; never rows or
names).

`nightly` makes a night's lists, `release` lets them leave or takes them back, `monthly` makes the
bill's notices, `queries` asks past nights, `policy_check` tries rules before they hold, `desk` is
what the pages ask and do.
"""
