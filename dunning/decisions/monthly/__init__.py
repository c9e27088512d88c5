"""Monthly notice of the bill: accounts that get one, its rows and its sums.

`billing_groups` gives the services that are due; `notices` joins `notice_rows` (each with its
`document_states`), `notice_sums` and `contact_cards`.
"""
