"""Decisions: pure rules from a bucket's frames to stages, reasons and proposals.

No file, no clock, no database.

`account` decides on each account, `lists` proposes what to do about it, `monthly` gives the content
of the bill's notice, `compare` compares two nights.
"""
