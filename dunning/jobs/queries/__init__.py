"""Questions to past nights: explain an account, compare two nights, run one again, try other rules.

`past_night` opens a night with the snapshot, policy and history that it had.
"""
