"""The check of policy files before they are in force.

`check_policy` reads and checks the files, then decides a `boundary_crowd`: invented accounts made
from the `boundary_cases` of every value. `policy_outcomes` sums up what becomes of them, and
`policy_knobs` turns each value, so that one without an effect is found.
"""
