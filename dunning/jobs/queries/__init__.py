"""Queries about past nights: explain an account, compare nights, repeat one, try other rules.

`past_night` opens a night with the snapshot, policy and history that it had.
"""
