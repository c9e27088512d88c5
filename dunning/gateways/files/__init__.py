"""Folders and files of runs: published whole or not at all, sealed from step to step, owned by one
process.
"""
