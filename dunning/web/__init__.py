"""The pages inside the Airflow UI, and the operator for approval questions."""
