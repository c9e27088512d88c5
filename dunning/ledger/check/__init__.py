"""What is wrong with rows and tables, and what is left out because of it.

`row_checks`, `duplicates` and `late_dates` mark rows; `quarantine` lists them (`refused_cells`,
`masking`) and refuses a load that has too many (`cures`); `manifest` and `control_totals` hold
what was read against what the extract says of itself.
"""
