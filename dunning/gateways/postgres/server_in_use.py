"""The PostgreSQL server of this installation and its state, as `dunning db` prints it."""

from collections.abc import Iterator

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import RUNNER, connect_as, find_url
from dunning.gateways.postgres.server import server_status
from dunning.gateways.settings.environment import Settings


def describe_server(settings: Settings) -> Iterator[str]:
    """Yield a line on the server in use, its state first.

    A second one on the embedded server, if that is not the one in use.
    """
    status = server_status(settings.home)
    process = f", process {status.pid}" if status.pid else ""
    embedded = f"{status.state}: the embedded PostgreSQL of {settings.home}{process}"
    if settings.database_url is None:
        yield embedded
    else:
        yield _describe_given(settings)
        yield f"Not in use for our tables: {embedded}"


def _describe_given(settings: Settings) -> str:
    address = find_url(settings).set(drivername="postgresql").render_as_string(hide_password=True)
    where = f"the server of {address} (DUNNING_DATABASE_URL)"
    try:
        connect_as(RUNNER, settings, "status").dispose()
    except DunningError as error:
        return f"down: {where}. {error}"
    return f"ready: {where}"
