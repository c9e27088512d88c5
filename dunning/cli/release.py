"""The commands for releases and recalls."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from dunning.cli.command_line import add_as_of, add_command, read_day, show_progress
from dunning.core.errors import UsageError
from dunning.core.lists import LISTS
from dunning.core.money import format_minor

if TYPE_CHECKING:
    from dunning.jobs.release.publish import Reply


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this module."""
    text = "Release a waiting list of the last closed night: look at each row again, publish, record the deeds once."
    parser = add_command(commands, "release", _release, text)
    add_as_of(parser)
    parser.add_argument(
        "--list", dest="list_name", choices=LISTS, help="which; without it, what waits is shown"
    )
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument(
        "--approved-by",
        metavar="NAME",
        help="who approved it; must be named in the pages' settings",
    )
    answer.add_argument(
        "--rejected-by",
        metavar="NAME",
        help="who rejected it: nothing leaves, and that is recorded",
    )
    answer.add_argument(
        "--auto-approve",
        action="store_true",
        help="without a person; only the sample, and only where nobody is named",
    )
    parser.add_argument("--note", default="", help="recorded with the answer")
    parser.add_argument(
        "--ledger", metavar="DIR", help="a newer extract for the last look; default: newest loaded"
    )
    parser.add_argument(
        "--mapping", metavar="FILE", help="how that extract is read, as for nightly"
    )
    parser.add_argument(
        "--billing-sql", metavar="DIR", help="queries, where that is a billing database"
    )
    parser.add_argument(
        "--on",
        type=read_day,
        metavar="DAY",
        help="the day of the release, for trials; default: today in Sofia",
    )
    text = "Take back a release, or single rows of it: a kill list, and their deeds count no more."
    parser = add_command(commands, "recall", _recall, text)
    add_as_of(parser)
    parser.add_argument("--list", dest="list_name", choices=LISTS, required=True)
    parser.add_argument("--reason", required=True, help="why; recorded")
    parser.add_argument(
        "--by",
        metavar="NAME",
        help="who wants it, and may approve that list; default: the user of this machine",
    )
    parser.add_argument("--premise", default="", metavar="NO", help="only the rows of this premise")
    parser.add_argument("--payer", default="", metavar="CODE", help="only the row of this payer")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask; without a terminal nobody is asked"
    )


def _release(options: argparse.Namespace) -> None:
    from dunning.jobs.release import offer, publish
    from dunning.jobs.release.last_look import Layout

    offers = offer.find_waiting(options.as_of)
    if options.list_name is None:
        print(
            "\n\n".join("\n".join(offer.ask(each, "")) for each in offers.values())
            or "Няма списък, който да чака."
        )
        return
    if not (options.approved_by or options.rejected_by or options.auto_approve):
        raise UsageError(
            "Say what was answered: --approved-by NAME, --rejected-by NAME or --auto-approve."
        )
    with show_progress(f"dunning release {options.list_name}") as progress:
        layout = Layout.of(options.mapping, options.billing_sql)
        receipt = publish.run_where_asked(
            offers, options.list_name, _reply(options), options.ledger, progress, options.on, layout
        )
    print(receipt["text"] or "Този списък не чака: излязъл е, отказан е, или няма редове.")


def _reply(options: argparse.Namespace) -> "Reply":
    from dunning.jobs.release.publish import Reply

    if options.auto_approve:
        return Reply("automatic", "auto_approve", options.note)
    answer = "approved" if options.approved_by else "rejected"
    return Reply(answer, options.approved_by or options.rejected_by, options.note)


def _recall(options: argparse.Namespace) -> None:
    from dunning.documents.words import counted
    from dunning.jobs.release import recall

    request = recall.RecallRequest(options.as_of, options.list_name, options.premise, options.payer)
    waits = recall.preview(request)
    print(
        f"За отзоваване: {counted('bg', waits['rows'], 'row')} за {format_minor(waits['cents'])} €; "
        f"излезли остават {waits['still_out']}."
    )
    if (
        sys.stdin.isatty()
        and not options.yes
        and input("Отзовавате ли ги? (да/не) ").strip().lower() != "да"
    ):
        print("Нищо не е отзовано.")
        return
    by = options.by or getpass.getuser()
    recalled = recall.run(
        options.as_of, options.list_name, by, options.reason, options.premise, options.payer
    )
    print(
        f"Отзовано: {counted('bg', recalled['rows'], 'row')}. Списък за спиране: {recalled['folder']}\n"
        f"Решенията от {recalled['forgotten_on']} нататък не го знаят."
    )
