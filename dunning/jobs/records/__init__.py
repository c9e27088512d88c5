"""The records of earlier dates that a run is decided with, the same whenever it is repeated.

`history` has what was sent and held, with the channels that failed (`failed_channels`); `baseline`
the figures that a run is compared with; `protections` compares the tables that protect people with
those of the date before.
"""
