"""Whether a policy can be trusted: read, checked, and run over invented accounts at its
boundaries.
"""
