"""List files: CSV for the contract, Parquet for programs, workbooks for people.

`list_files` defines the lists and their columns (`columns`); one module a format
writes them.
"""
