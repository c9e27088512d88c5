"""The operator's settings: environment, `settings.toml`, people, the certificate for notices."""
