"""The only code that touches the outside: a folder for each thing there. Beside `documents`, used
by jobs.

`postgres` is the server and the way to it, `store` our tables in it, `snapshots` frozen ledgers,
`files` what runs leave in folders, `s3` object stores, `billing` a supplier's own database,
`settings` what the operator says.
"""
