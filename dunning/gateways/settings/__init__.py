"""What the operator says: environment, `settings.toml`, who may do what, the certificate for
notices.
"""
