"""The release of lists: the question, the answer, the last look, and the way back.

`offer` describes the lists that wait, `answer` reads the reply that Airflow recorded (`sample` says
where none is needed). `last_look` decides each row again, `volume` limits how many leave at once;
`publish` lets them leave, with the `files` that are handed over; `report` sums up. `recall` takes
rows back.
"""
