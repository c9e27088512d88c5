"""Texts for screen, terminal and complaint file.

`html` renders the pages inside Airflow from templates/web; `charts` draws their bars and lines.
`story_tables` are the tables of an account's story, `why_text` the reasons for its stage, and
`fate_text` the history of a proposal; `story_page` joins them for the terminal, `story_pdf` for the
complaint file. `policy_text` and `rule_values` write the rules, `findings_text` what a check found.
`changes_page` compares two nights, and `snapshots_page` lists the stored snapshots.
"""
