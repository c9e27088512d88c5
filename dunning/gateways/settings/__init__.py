"""The operator's settings, each read where it is needed.

`environment` gives the home and the addresses of everything outside, `operator_settings` the file
`settings.toml` of the DAGs, `people` who works as what and may approve which list, `signing` the
certificate for notices.
"""
