"""Open debt and stage of each account of a bucket: contract, sections 3 and 4.

The steps in order: `allocation` (with `payment_matching`) gives what is open of each item,
`protections` which items are protected from any action, `limitation` until when each can be
claimed, `interest` what it bears. `assessment` joins these facts, `history` adds what was sent and
served, `stages` decides, `stage_reasons` names the reason codes, and `classify` gives one row an
account.
"""
