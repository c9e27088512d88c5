"""Policy check: files are read, checked, and run over invented accounts at their boundaries."""
