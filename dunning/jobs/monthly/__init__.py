"""The monthly notices of a kept night: who is due, and step by step from decisions to published
files.

`due` says whose notices are to be made; `begin`, `gather`, `plan`, `render`, `publish` and `report`
make those of one service, `monthly` all of it in one call; `preview` shows those of one premise.
"""
