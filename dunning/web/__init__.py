"""The pages inside the Airflow UI, and what asks people there."""
