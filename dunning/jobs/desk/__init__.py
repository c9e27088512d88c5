"""The work of the pages: plain values in and out, no HTML, no language.

`session` opens settings and store once per process. A night is `tonight`, `ageing` and the `groups`
of accounts that their numbers count; an account is `search`, `account`, `protect`; the rules are
`policy`. `lists` has what concerns a night's lists, `what_if` the trial of other rules.
"""
