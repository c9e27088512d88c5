"""Common parts of all commands: parser, day argument, progress bar."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from dunning.core.progress import Progress


def add_command(
    commands: argparse._SubParsersAction, name: str, run: Callable[..., int | None], text: str
) -> argparse.ArgumentParser:
    """Add a command that calls `run`; return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """Add the option `--as-of`; `cli.main` fills in the default."""
    parser.add_argument(
        "--as-of",
        type=read_day,
        metavar="DAY",
        help="the day it speaks for, as 2026-11-22; default: the day just ended in Sofia",
    )


def read_day(text: str) -> date:
    """Return a typed day (yyyy-mm-dd) as a date.

    >>> read_day("2026-11-22")
    datetime.date(2026, 11, 22)
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-11-22") from None


@contextmanager
def show_progress(title: str) -> Iterator[Progress]:
    """Yield a progress function: a live bar on a terminal, plain lines elsewhere.

    It writes to stdout; stderr is for refusals.
    """
    if not sys.stdout.isatty():
        # One call a line: several threads tell at once.
        yield lambda message: print(f"{title}: {message}\n", end="", flush=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda message: bar.update(task, description=f"{title}: {message}")
