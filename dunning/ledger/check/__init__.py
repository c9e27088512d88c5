"""Mark and list bad rows, and refuse tables or extracts that have too many.

`row_checks`, `duplicates` and `late_dates` mark rows; `quarantine` lists them (`refused_cells`,
`masking`) and refuses a load that has too many (`cures`); `manifest` and `control_totals` compare
what was read with what the extract states about itself.
"""
