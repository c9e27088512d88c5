"""The nightly run: load, classify, propose, write, close, report; `night` does all in one call.

Each step takes the run (`runs`) as JSON and gives a receipt (`jobs.receipts`). A `request` begins it:
`load` asks `limits` and `extract_warnings` whether the extract may be used, and keeps the records of
earlier dates (`jobs.records`). `close` publishes in the folder that `output_places` chooses.
`failure` records a run that failed in Airflow.
"""
