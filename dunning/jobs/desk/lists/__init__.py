"""The lists of a night for their pages, from the published files to what was released of them.

`list_files` reads and checks the files, `list_rows` filters and sorts them, `list_taking` makes the
download; `manual_holds` are set on their rows. `approvals` shows the lists that wait, `releases`
those that left.
"""
