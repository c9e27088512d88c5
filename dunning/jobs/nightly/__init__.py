"""The night: load, classify, propose, write, close, report; `night` is all of it in one call.

Each step gives the receipt that the next one takes. `history` and `baseline` bring what earlier
nights left; `protections` and `limits` say whether the extract may be acted upon.
"""
