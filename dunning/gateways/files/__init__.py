"""Folders and files of runs: published as a whole, sealed between steps, locked by a process.

`home` opens and closes the home folder; `worktables` and `sorted_streams` hold rows between steps,
under `seals`; `publishing` puts a prepared folder in its place, which `targets` names; `alive` shows
whether the process of a folder still runs. `receipt_key` is the one secret that is kept here.
"""
