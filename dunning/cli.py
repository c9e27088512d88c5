"""The command `dunning`: everything that the DAGs do, from a shell."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

from dunning.core.errors import DunningError, UsageError
from dunning.jobs.calendar import default_as_of
from dunning.jobs.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 (done and balanced), 1 (refused or failed, one message on stderr) or 2 (usage)."""
    try:
        options = _parser().parse_args(arguments)
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
        print(f"dunning: {_tell(error)} Nothing is half-done; cure that and run it again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dunning: stopped. Nothing is half-done; run the same command again.", file=sys.stderr)
        return 1


def _tell(error: OSError) -> str:
    """Return what the system refused and where."""
    where = error.filename or "A file or folder"
    return f"{where} cannot be read or written: {error.strerror or error}."


def _parser() -> argparse.ArgumentParser:
    text = "Dunning and collections for a heat or power utility."
    parser = argparse.ArgumentParser(prog="dunning", description=text, allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_nightly, _add_explain, _add_sample, _add_policy, _add_db):
        add(commands)
    return parser


def _add(
    commands: argparse._SubParsersAction, name: str, run: Callable[..., int | None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def _add_nightly(commands: argparse._SubParsersAction) -> None:
    text = "Load a ledger, classify every account, write the lists, close the books."
    parser = _add(commands, "nightly", _nightly, text)
    parser.add_argument("--ledger", required=True, metavar="DIR", help="folder of the ledger extract")
    parser.add_argument("--out", required=True, metavar="DIR", help="the files come into DIR/<as-of>")
    _add_as_of(parser)
    parser.add_argument("--policy", metavar="DIR", help="folder of own policy files; the rest is built in")
    parser.add_argument("--mapping", metavar="FILE", help="TOML file that says how a foreign layout becomes our tables")
    parser.add_argument("--shards", type=int, default=1, metavar="N", help="classify in N parts, 1 to 64 (default 1)")
    parser.add_argument(
        "--quarantine-limit", type=float, metavar="SHARE",
        help="share of refused rows accepted in every table, this once",
    )
    parser.add_argument("--dry-run", action="store_true", help="write the files, close and record nothing")


def _add_explain(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, "explain", _explain, "Every fact, rule and date behind one account's stage.")
    parser.add_argument("premise_no", metavar="PREMISE_NO")
    parser.add_argument("payer_code", metavar="PAYER_CODE", nargs="?")
    _add_as_of(parser)


def _add_sample(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, "sample", _sample, "Write an invented ledger extract; the same for the same seed.")
    parser.add_argument("--accounts", type=int, required=True, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--as-of", type=_day, default=date(2026, 11, 22), metavar="DAY", help="the day it speaks for")
    parser.add_argument("--format", choices=("csv", "csv.gz", "parquet"), default="csv", help="default: csv")
    parser.add_argument(
        "--dialect", choices=("plain", "bulgaria"), default="plain", help="bulgaria: cp1251, decimal comma, 22.11.2026"
    )


def _add_policy(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("policy", help="What is in force, with its sources; check policy files.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = _add(actions, "show", _show_policy, "What is in force on a day, with its sources.")
    _add_as_of(show)
    show.add_argument("--policy", metavar="DIR", help="folder of own policy files")
    show.add_argument("--json", action="store_true", help="as JSON")
    _add(actions, "publish", _publish_policy, "Freeze new versions of the built-in files, for whoever maintains them.")
    check = _add(actions, "check", _check_policy, "Refuse policy files that cannot be trusted.")
    check.add_argument("--policy", metavar="DIR", help="folder of own policy files; default: the built-in ones")


def _add_db(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("db", help="The embedded PostgreSQL of DUNNING_HOME.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, text in (("start", "Start it."), ("stop", "Stop it."), ("status", "Say whether it runs.")):
        _add(actions, name, _db, text).set_defaults(action=name)


def _add_as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", type=_day, metavar="DAY",
        help="the day it speaks for, as 2026-11-22; default: the day just ended in Sofia",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-11-22") from None


def _as_of(options: argparse.Namespace) -> date:
    return options.as_of or default_as_of(datetime.now(UTC))


def _nightly(options: argparse.Namespace) -> None:
    from dunning.jobs import nightly
    from dunning.jobs.load import Order

    order = Order.of(
        _as_of(options).isoformat(), options.ledger, options.out, options.mapping, options.policy,
        quarantine_limit=options.quarantine_limit, dry_run=options.dry_run,
    )
    with _progress(f"dunning nightly {order.as_of}") as progress:
        receipt = nightly.run(order, options.shards, progress)
    print(receipt["text"])


def _explain(options: argparse.Namespace) -> None:
    from dunning.jobs import explain

    print(explain.run(options.premise_no, options.payer_code, _as_of(options)))


def _sample(options: argparse.Namespace) -> None:
    from dunning.gateways.settings import refuse_url
    from dunning.sample import write_sample

    if options.accounts < 1:
        raise UsageError(f"--accounts is {options.accounts}; give at least 1.")
    refuse_url(options.out, "--out")
    with _progress("dunning sample") as progress:
        progress(f"{options.accounts} партиди, семе {options.seed}")
        write_sample(
            Path(options.out), options.accounts, options.seed, options.as_of, table_format=options.format,
            dialect=options.dialect,
        )
    print(f"Примерно извлечение: {options.out}")


def _show_policy(options: argparse.Namespace) -> None:
    from dunning.policy.policies import load_policy
    from dunning.policy.show import render_text, show_rows, to_json

    as_of = _as_of(options)
    rows = show_rows(load_policy(Path(options.policy) if options.policy else None), as_of)
    print(json.dumps(to_json(rows), ensure_ascii=False, indent=1) if options.json else render_text(rows, as_of))


def _check_policy(options: argparse.Namespace) -> int:
    from dunning.jobs import check_policy

    findings = check_policy.run(Path(options.policy) if options.policy else None)
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"Намерени проблеми: {len(findings)}" if findings else "Правилата са в ред.")
    return 1 if findings else 0


def _publish_policy(options: argparse.Namespace) -> None:
    from dunning.policy.published import publish

    for version in publish():
        print(version)


def _db(options: argparse.Namespace) -> None:
    from dunning.gateways import server
    from dunning.gateways.settings import Settings

    home = Settings.from_environment().home
    if options.action == "start":
        server.start_server(home)
    elif options.action == "stop":
        server.stop_server(home)
    print(server.server_status(home).state)


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """Give a listener that shows a live bar on a terminal and plain lines elsewhere; stderr is for refusals."""
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


def run_and_exit() -> NoReturn:
    """Run the command of this process."""
    sys.exit(main())


if __name__ == "__main__":
    run_and_exit()
