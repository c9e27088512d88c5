"""The files of the lists: CSV for the contract, Parquet for programs, workbooks for people.

`list_files` says which lists there are and with which columns (`columns`); one module a format
writes them.
"""
