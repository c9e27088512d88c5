"""PostgreSQL: the embedded server, connections and locks, migrations, SQL files.

`server` starts and stops the embedded server, from its files (`server_data`), as its process
(`server_process`), under an account that may run it (`server_account`). `database` connects, to that
one or to another, with a role and the locks of runs; `migrations` bring the schema up to date, and
`sql_files` are the statements.
"""
