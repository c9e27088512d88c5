"""The nightly run: load, classify, propose, write, close, report; `night` does all in one call.

Each step gives the receipt that the next one takes. `history` and `baseline` load the records of
earlier dates; `protections` and `limits` decide whether the extract may be used for actions.
"""
