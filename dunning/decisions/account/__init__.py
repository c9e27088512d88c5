"""What is owed on each account of a bucket and which stage follows: contract, sections 3 and 4.

The way through: `allocation` (with `payment_matching`) gives what is open of each item,
`protections` which items nothing may be done about, `limitation` until when each can be claimed,
`interest` what it bears. `assessment` joins these facts, `history` adds what was sent and served,
`stages` decides, `stage_reasons` says why, and `classify` gives one row an account.
"""
