"""Other rules tried on past nights: edited, ordered, decided again, shown.

`drafts` edits and checks a rule file, `orders` stores the trial of one, `what_if_run` decides its
nights in a task of the DAG `what_if`, `results` shows what they gave.
"""
