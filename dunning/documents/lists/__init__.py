"""List files: CSV for the contract, Parquet for programs, workbooks for people.

`columns` has the kinds of columns and the words of their codes; `list_columns` the columns of each
list. `csv_files`, `parquet_files` and `xlsx_files` (with `xlsx_rows`) each write one format, and
`list_files` writes the files of a list in all of them. `changes_list` is the list of the changes
between two nights.
"""
