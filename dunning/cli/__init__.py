"""The command `dunning`: the same jobs as the DAGs, from a shell.

`command` has the parser and the small commands; `nights`, `monthly` and `release` add those of
their nouns; `command_line` has what all of them share.
"""

from dunning.cli.command import main

__all__ = ["main"]
