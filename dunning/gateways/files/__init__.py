"""Folders and files of runs: published as a whole, sealed between steps, locked by a process."""
