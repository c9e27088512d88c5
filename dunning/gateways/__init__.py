"""The only code that touches the outside: one folder for each outside system.

Used by jobs, as `documents` is. `postgres` is the server and the connections to it, `store` our
tables in it, `snapshots` stored ledgers, `files` the folders of runs, `s3` object stores, `billing`
a supplier's own database, `settings` the operator's settings.
"""
