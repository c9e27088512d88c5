"""`python -m dunning.cli` is the command `dunning`."""

from dunning.cli.command import run_and_exit

run_and_exit()
