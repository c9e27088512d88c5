"""The only code that touches the outside: settings, database, files."""
