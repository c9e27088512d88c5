"""Snapshots of ledgers: written once, sealed, and found again on this machine or in the store."""
