"""Snapshots of ledgers: written once, sealed, found again here or in the store beside this
machine.
"""
