"""The commands for past nights and stored snapshots: diff, simulate, snapshots."""

import argparse
import shutil
from pathlib import Path

from dunning.cli.command_line import add_as_of, add_command, read_day, show_progress


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this module."""
    for add in (_add_diff, _add_simulate, _add_snapshots):
        add(commands)


def _add_diff(commands: argparse._SubParsersAction) -> None:
    text = "Who moved between stages and lists from one night to another, and why."
    parser = add_command(commands, "diff", _diff, text)
    parser.add_argument(
        "before", type=read_day, metavar="D1", help="the earlier day, as 2026-11-21"
    )
    parser.add_argument("after", type=read_day, metavar="D2", help="the later day")
    parser.add_argument("--out", metavar="DIR", help="write all moves below DIR, as CSV and XLSX")


def _add_simulate(commands: argparse._SubParsersAction) -> None:
    text = "Who would move between stages and lists of a night if the policy were another, and why."
    parser = add_command(commands, "simulate", _simulate, text)
    parser.add_argument(
        "--policy",
        required=True,
        metavar="DIR",
        help="folder of policy files; the rest is built in",
    )
    add_as_of(parser)
    parser.add_argument("--out", metavar="DIR", help="write all moves below DIR, as CSV and XLSX")


def _add_snapshots(commands: argparse._SubParsersAction) -> None:
    text = "Which snapshots of ledgers are kept, since when, how large, and why."
    parser = add_command(commands, "snapshots", _list_snapshots, text)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    prune = add_command(
        actions, "prune", _prune_snapshots, "Remove those that have aged out (retention.toml)."
    )
    prune.add_argument("--dry-run", action="store_true", help="say which would go, remove none")


def _diff(options: argparse.Namespace) -> None:
    from dunning.jobs.queries import compare

    _refuse_urls(options)
    with show_progress("dunning diff") as progress:
        comparison = compare.diff(options.before, options.after, progress)
        files = compare.write_moves(comparison, Path(options.out).absolute()) if options.out else []
    print(compare.show_comparison(comparison, files, _width()), end="")


def _simulate(options: argparse.Namespace) -> None:
    from dunning.jobs.queries import compare

    _refuse_urls(options)
    with show_progress("dunning simulate") as progress:
        comparison = compare.simulate(Path(options.policy).absolute(), options.as_of, progress)
        files = compare.write_moves(comparison, Path(options.out).absolute()) if options.out else []
    print(compare.show_comparison(comparison, files, _width()), end="")


def _list_snapshots(options: argparse.Namespace) -> None:
    from dunning.jobs import retention

    print(retention.describe_removal(*retention.run(is_dry=True), is_removed=False), end="")


def _prune_snapshots(options: argparse.Namespace) -> None:
    from dunning.jobs import retention

    print(
        retention.describe_removal(*retention.run(options.dry_run), is_removed=not options.dry_run),
        end="",
    )


def _refuse_urls(options: argparse.Namespace) -> None:
    from dunning.gateways.settings.environment import refuse_url

    for name in ("out", "policy"):
        refuse_url(getattr(options, name, None) or "", f"--{name}")


def _width() -> int:
    """Return the width of the terminal, at least 120 characters."""
    return max(shutil.get_terminal_size((160, 24)).columns, 120)
