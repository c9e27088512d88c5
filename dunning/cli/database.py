"""The commands for the PostgreSQL server: start, stop, and the state of the one in use."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunning.cli.command_line import add_command
from dunning.core.errors import DunningError

if TYPE_CHECKING:
    from dunning.gateways.settings.environment import Settings


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this module."""
    parser = commands.add_parser(
        "db", help="The PostgreSQL in use, and the embedded one of DUNNING_HOME."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    texts = {
        "start": "Start the embedded one.",
        "stop": "Stop the embedded one.",
        "status": "Say which is in use, and how it is.",
    }
    for name, text in texts.items():
        add_command(actions, name, _db, text).set_defaults(action=name)


def _db(options: argparse.Namespace) -> None:
    from dunning.gateways.postgres import server
    from dunning.gateways.settings.environment import Settings

    settings = Settings.from_environment()
    if options.action == "start":
        server.start_server(settings.home)
    elif options.action == "stop":
        server.stop_server(settings.home)
    for line in describe_servers(settings):
        print(line)


def describe_servers(settings: "Settings") -> Iterator[str]:
    """Yield a line on the server in use, its state first.

    A second one on the embedded server, if that is not the one in use.
    """
    from dunning.gateways.postgres.server import server_status

    status = server_status(settings.home)
    process = f", process {status.pid}" if status.pid else ""
    embedded = f"{status.state}: the embedded PostgreSQL of {settings.home}{process}"
    if settings.database_url is None:
        yield embedded
    else:
        yield _describe_given(settings)
        yield f"Not in use for our tables: {embedded}"


def _describe_given(settings: "Settings") -> str:
    from dunning.gateways.postgres.database import RUNNER, connect_as, find_url

    address = find_url(settings).set(drivername="postgresql").render_as_string(hide_password=True)
    where = f"the server of {address} (DUNNING_DATABASE_URL)"
    try:
        connect_as(RUNNER, settings, "status").dispose()
    except DunningError as error:
        return f"down: {where}. {error}"
    return f"ready: {where}"
