"""The command for the nightly run, with a ledger or from the kept snapshot of its day."""

import argparse

from dunning.cli.command_line import add_as_of, add_command, show_progress
from dunning.core.errors import UsageError


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command of this module."""
    text = "Load a ledger, classify every account, write the lists, close the books."
    parser = add_command(commands, "nightly", _nightly, text)
    parser.add_argument(
        "--ledger",
        metavar="DIR",
        help="the ledger extract: a folder, s3://bucket/prefix, or the URL of a billing database (env:NAME: what that "
        "variable holds); without it the kept snapshot of the day is run again",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="the files come into DIR/<as-of>; a folder or s3://bucket/prefix",
    )
    add_as_of(parser)
    parser.add_argument(
        "--policy", metavar="DIR", help="folder of own policy files; the rest is built in"
    )
    parser.add_argument(
        "--mapping",
        metavar="FILE",
        help="TOML file that says how a foreign layout becomes our tables",
    )
    parser.add_argument(
        "--billing-sql", metavar="DIR", help="folder of own extract queries for a billing database"
    )
    parser.add_argument(
        "--shards",
        type=int,
        default=1,
        metavar="N",
        help="classify in N parts, 1 to 64 (default 1)",
    )
    parser.add_argument(
        "--quarantine-limit",
        action="append",
        default=[],
        metavar="[TABLE=]SHARE",
        help="share of refused rows accepted this once, in every table but those that protect people, or in one table "
        "(holds=0.05); may be given several times",
    )
    parser.add_argument(
        "--accept-shrunk",
        action="append",
        default=[],
        metavar="TABLE",
        help="a table that protects people is rightly missing or smaller this once (or one column: payers.vulnerable); "
        "needs --reason; may be given several times",
    )
    parser.add_argument(
        "--reason",
        action="append",
        default=[],
        metavar="WHY",
        help="why, recorded with the date; one for all or each",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="write the files, close and record nothing"
    )


def _nightly(options: argparse.Namespace) -> None:
    from dunning.jobs.nightly import night
    from dunning.jobs.nightly.request import NightlyRequest

    if options.ledger is None:
        return _replay(options)
    request = NightlyRequest.of(
        options.as_of,
        options.ledger,
        options.out,
        options.mapping,
        options.policy,
        options.billing_sql,
        quarantine_limits=tuple(options.quarantine_limit),
        dry_run=options.dry_run,
        accept_shrunk=_read_accepted(options.accept_shrunk, options.reason),
    )
    with show_progress(f"dunning nightly {request.as_of}") as progress:
        receipt = night.run(request, options.shards, progress)
    print(receipt["text"])


def _replay(options: argparse.Namespace) -> None:
    from dunning.jobs.queries import replay

    if options.mapping or options.billing_sql or options.quarantine_limit:
        raise UsageError(
            "--mapping, --billing-sql and --quarantine-limit say how a ledger is read, and without --ledger the "
            "snapshot of that day is taken as it was read. Give --ledger, or leave them out."
        )
    if options.accept_shrunk or options.reason:
        raise UsageError(
            "--accept-shrunk says of a ledger that less of a table is right, and without --ledger the day is run as it "
            "was, with what was accepted then. Give --ledger, or leave it out."
        )
    with show_progress(f"dunning nightly {options.as_of}") as progress:
        receipt = replay.run(options.as_of, options.out, options.policy, options.shards, progress)
    print(receipt["text"])


def _read_accepted(tables: list[str], reasons: list[str]) -> dict[str, str]:
    """Return the reason for each accepted table: one for all, or one each in their order."""
    if not tables and not reasons:
        return {}
    if len(reasons) == 1:
        reasons = reasons * len(tables)
    if not tables or len(reasons) != len(tables):
        raise UsageError(
            f"There are {len(tables)} --accept-shrunk and {len(reasons)} --reason. Give each table a reason, or one "
            "--reason for all: it stays recorded with this date."
        )
    return dict(zip(tables, reasons, strict=True))
