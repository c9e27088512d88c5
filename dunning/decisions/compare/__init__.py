"""Comparison of two nights: which account moved, between which stages and lists, and why.

`account_state` and `list_membership` describe one night; `changes` compares two of them.
"""
