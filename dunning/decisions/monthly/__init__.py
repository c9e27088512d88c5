"""The monthly notice of the bill: who gets one, its rows and its sums.

`billing_groups` says who is due; `notices` joins `notice_rows` (each with its `notice_standings`),
`notice_sums` and `contact_cards`.
"""
