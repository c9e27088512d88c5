"""Queries about past nights: explain an account, compare nights, repeat one, try other rules.

`past_night` opens a night with the snapshot, policy and history that it had. `explain` tells an
account's stage and, from `fate`, what became of its proposals; `compare` holds two nights, or two
policies, beside each other; `replay` writes a night's files again.
"""
