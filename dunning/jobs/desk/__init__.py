"""The work of the pages: plain values in and out, no HTML, no language.

`session` opens settings and store once per process. A night is `tonight`, `ageing`, `groups`; its
lists are `list_files` (read and checked), `lists` (filtered and sorted), `list_taking`
(downloaded), with `manual_holds` on their rows. An account is `search`, `account`, `protect`.
`approvals` and `releases` show what waits and what left. `policy` shows the rules; `drafts`,
`what_if`, `what_if_run` and `what_if_results` try others on past nights.
"""
