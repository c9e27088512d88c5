"""The pages inside the Airflow UI, and the operator for approval questions.

`plugin` is what Airflow loads: `gate`, which refuses requests before Airflow reads them, and `app`,
all routes. A route needs a permission (`access`) and answers through `respond`; each `…_pages`
module has the routes of one page. `approval` is the operator that asks about a list, `questions`
finds and answers its questions, `what_if_runs` starts trials, and `dag_parts` is shared by the
DAGs.
"""
