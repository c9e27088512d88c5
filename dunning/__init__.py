"""Dunning and collections for a heat or power utility: a billing ledger in, decisions and lists
out.
"""
