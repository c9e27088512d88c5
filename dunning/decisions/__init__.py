"""Pure rules: from a bucket's frames to stages, reasons and proposals. No file, no clock, no
database.

`account` decides on each account, `lists` proposes what to do about it, `monthly` says what stands
on the bill's notice, `compare` puts two nights beside each other.
"""
