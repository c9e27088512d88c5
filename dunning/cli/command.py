"""The command `dunning`: all jobs of the DAGs from a shell."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

from dunning.cli import database, monthly, nightly, nights, release
from dunning.cli.command_line import add_as_of, add_command, read_day, show_progress
from dunning.core.errors import DunningError, UsageError
from dunning.core.sofia_time import default_as_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0: done and balanced; 1: refused or failed, one message on stderr; 2: wrong usage.
    """
    try:
        options = _parser().parse_args(arguments)
        # Only commands with `--as-of` have the attribute; None means that it was not given.
        if getattr(options, "as_of", options) is None:
            options.as_of = default_as_of(datetime.now(UTC))
        return options.run(options) or 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except UsageError as error:
        print(f"dunning: {error}", file=sys.stderr)
        return 2
    except DunningError as error:
        print(f"dunning: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stdout = None  # whoever read has gone; nothing is left to tell him
        return 1
    except OSError as error:
        print(
            f"dunning: {_describe_error(error)} Nothing is half-done; cure that and run it again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print(
            "dunning: stopped. Nothing is half-done; run the same command again.", file=sys.stderr
        )
        return 1


def _describe_error(error: OSError) -> str:
    """Return the system's error and the file concerned, as a sentence."""
    where = error.filename or "A file or folder"
    return f"{where} cannot be read or written: {error.strerror or error}."


def _parser() -> argparse.ArgumentParser:
    text = "Dunning and collections for a heat or power utility."
    parser = argparse.ArgumentParser(prog="dunning", description=text, allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        nightly.add_commands,
        monthly.add_commands,
        release.add_commands,
        _add_explain,
        nights.add_commands,
        _add_sample,
        _add_policy,
        database.add_commands,
    ):
        add(commands)
    return parser


def _add_explain(commands: argparse._SubParsersAction) -> None:
    parser = add_command(
        commands, "explain", _explain, "Every fact, rule and date behind one account's stage."
    )
    parser.add_argument("premise_no", metavar="PREMISE_NO")
    parser.add_argument("payer_code", metavar="PAYER_CODE", nargs="?")
    add_as_of(parser)


def _add_sample(commands: argparse._SubParsersAction) -> None:
    parser = add_command(
        commands, "sample", _sample, "Write an invented ledger extract; the same for the same seed."
    )
    parser.add_argument("--accounts", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument(
        "--as-of",
        type=read_day,
        default=date(2026, 11, 22),
        metavar="DAY",
        help="the day it speaks for",
    )
    parser.add_argument(
        "--format", choices=("csv", "csv.gz", "parquet"), default="csv", help="default: csv"
    )
    parser.add_argument(
        "--dialect",
        choices=("plain", "bulgaria"),
        default="plain",
        help="bulgaria: cp1251, decimal comma, 22.11.2026",
    )


def _add_policy(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "policy", help="What is in force, with its sources; check policy files."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = add_command(
        actions, "show", _show_policy, "What is in force on a day, with its sources."
    )
    add_as_of(show)
    show.add_argument("--policy", metavar="DIR", help="folder of own policy files")
    show.add_argument("--json", action="store_true", help="as JSON")
    text = "Freeze new versions of the built-in files, for whoever maintains them."
    add_command(actions, "publish", _publish_policy, text)
    check = add_command(
        actions, "check", _check_policy, "Refuse policy files that cannot be trusted."
    )
    check.add_argument(
        "--policy", metavar="DIR", help="folder of own policy files; default: the built-in ones"
    )


def _explain(options: argparse.Namespace) -> None:
    from dunning.jobs.queries import explain

    print(explain.run(options.premise_no, options.payer_code, options.as_of))


def _sample(options: argparse.Namespace) -> None:
    from dunning.gateways.settings.environment import refuse_url
    from dunning.sample import write_sample

    if options.accounts < 1:
        raise UsageError(f"--accounts is {options.accounts}; give at least 1.")
    refuse_url(options.out, "--out")
    with show_progress("dunning sample") as progress:
        progress(f"{options.accounts} партиди, семе {options.seed}")
        write_sample(
            Path(options.out),
            options.accounts,
            options.seed,
            options.as_of,
            table_format=options.format,
            dialect=options.dialect,
        )
    print(f"Примерно извлечение: {options.out}")


def _show_policy(options: argparse.Namespace) -> None:
    from dunning.documents.pages.policy_text import render_text, to_json
    from dunning.policy.policies import load_policy
    from dunning.policy.show import show_rows

    as_of = options.as_of
    rows = show_rows(load_policy(Path(options.policy) if options.policy else None), as_of)
    print(
        json.dumps(to_json(rows), ensure_ascii=False, indent=1)
        if options.json
        else render_text(rows, as_of)
    )


def _check_policy(options: argparse.Namespace) -> int:
    from dunning.jobs.policy_check import check_policy

    findings = check_policy.run(Path(options.policy) if options.policy else None)
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"Намерени проблеми: {len(findings)}" if findings else "Правилата са в ред.")
    return 1 if findings else 0


def _publish_policy(options: argparse.Namespace) -> None:
    from dunning.policy.published import publish

    for version in publish():
        print(version)


def run_and_exit() -> NoReturn:
    """Run the command and end the process with its exit code."""
    sys.exit(main())
