"""The command `dunning`: the same jobs as the DAGs, from a shell.

`command` has the parser and the small commands; `nightly`, `release`, `nights` (past ones), `monthly`
and `database` add those of their nouns; `command_line` has what all of them share. A command imports
its job only when it runs, so that `--help` is quick.
"""

from dunning.cli.command import main

__all__ = ["main"]
