"""The command for monthly notices, and the preview of one."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path

from dunning.cli.command_line import add_as_of, add_command, show_progress
from dunning.core.errors import UsageError
from dunning.core.words import SERVICES


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = (
        "The monthly notices of a night: print files, files for e-mail, and who gets none and why."
    )
    parser = add_command(commands, "notices", _notices, text)
    add_as_of(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="the files come into DIR/notices/<as-of>/<service>; a folder or s3://bucket/prefix",
    )
    parser.add_argument(
        "--service", choices=SERVICES, help="only these; default: all that the ledger has"
    )
    parser.add_argument(
        "--policy", metavar="DIR", help="folder of own policy files; default: those of the night"
    )
    parser.add_argument(
        "--shards", type=int, default=1, metavar="N", help="decide in N parts, 1 to 64 (default 1)"
    )
    parser.add_argument("--dry-run", action="store_true", help="write the files, record nothing")
    parser.add_argument(
        "--preview",
        nargs="+",
        metavar=("PREMISE_NO", "PAYER_CODE"),
        help="only make the notices of this premise, or account, as files to look at; needs no --out",
    )


def _notices(options: argparse.Namespace) -> None:
    if options.preview:
        return _preview(options)
    if not options.out:
        raise UsageError(
            "--out is missing; name the folder or the s3://bucket/prefix that the files come below."
        )
    for service in [options.service] if options.service else _find_services(options.as_of):
        _make(options, service)


def _find_services(as_of: date) -> list[str]:
    from dunning.documents.words import word_of
    from dunning.jobs.monthly import due

    there, absent = due.find_services(as_of)
    for service in absent:
        print(f"Без съобщения: в извлечението няма нито един имот за {word_of('bg', service)}.")
    return there


def _make(options: argparse.Namespace, service: str) -> None:
    from dunning.jobs.monthly import month
    from dunning.jobs.monthly.begin import MonthlyRequest

    request = MonthlyRequest.of(
        options.as_of, options.out, service, options.dry_run, options.policy
    )
    with show_progress(f"dunning {request.purpose}") as progress:
        receipt = month.run(request, options.shards, progress)
    print(receipt["text"])


def _preview(options: argparse.Namespace) -> None:
    from dunning.jobs.monthly import preview

    if len(options.preview) > 2:
        raise UsageError(
            "--preview takes a premise and, where it has several accounts, a payer code; not more."
        )
    if options.out or options.service or options.dry_run:
        raise UsageError(
            "--preview makes no lists: --out, --service and --dry-run say nothing there; leave them out."
        )
    # Padded with None, so that the payer code may be missing.
    premise_no, payer_code = (*options.preview, None)[:2]
    made = preview.run(premise_no, payer_code, options.as_of, options.policy)
    for sentence in made.sentences:
        print(sentence)
    for file in made.files:
        print(file)
    if made.files and _may_open():
        _open(made.files)


def _may_open() -> bool:
    """Return whether a PDF viewer can be opened: a terminal with a desktop."""
    return sys.stdout.isatty() and bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _open(files: list[Path]) -> None:
    import webbrowser

    for file in files:
        webbrowser.open(file.as_uri())
