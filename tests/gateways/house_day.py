"""A day of the house on the embedded server of a home: every job once, and after each what its
server must bear.

    python -m tests.gateways.house_day HOME LEDGER [JOBS]

A process of its own because whose server it is depends on who calls: root's works as another
account.
"""

import stat
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psycopg

from dunning import cli
from dunning.gateways.postgres.server import server_status, stop_server
from dunning.gateways.settings.environment import Settings
from dunning.jobs.desk import session
from dunning.jobs.desk.what_if import orders, results, what_if_run
from tests.jobs.nights import AS_OF

APPROVERS = '[people.head]\nrole = "collections"\napproves = ["disconnections"]\n'


def main(home: Path, ledger: Path, count: int | None) -> None:
    """Run the day, or its first jobs; print each with the mode of the home after it; end where the
    server gave up.
    """
    try:
        for job in islice(jobs(home, ledger), count):
            checkpoint(home)
            print(f"{job}: {stat.S_IMODE(home.stat().st_mode):o}")
    finally:
        stop_server(home)


def jobs(home: Path, ledger: Path) -> Iterator[str]:
    out, day = str(home.parent / "out"), ("--as-of", AS_OF.isoformat())
    yield call("nightly", "--ledger", str(ledger), "--out", out, *day)
    yield call("notices", "--out", out, *day)
    yield call("notices", "--preview", any_premise(home.parent / "out"), *day)
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    (home / "people.toml").chmod(0o600)
    yield call("release", *day, "--list", "disconnections", "--approved-by", "head")
    yield call("recall", *day, "--list", "disconnections", "--reason", "проба", "--by", "head")
    yield call("simulate", "--policy", str(ledger / "policy"), "--out", out, *day)
    yield try_out(ledger)
    yield call("nightly", "--out", str(home.parent / "again"), *day)
    yield call("snapshots", "prune")


def call(*arguments: str) -> str:
    code = cli.main(arguments)
    if code != 0:
        raise SystemExit(f"dunning {' '.join(arguments)} ended with {code}.")
    return arguments[0]


def any_premise(out: Path) -> str:
    mail = next((out / "notices").rglob("20*.pdf"))
    return mail.name.split("-")[2]


def try_out(ledger: Path) -> str:
    text = (ledger / "policy" / "stages.toml").read_text("utf-8")
    this = session.open_session()
    request = orders.TrialRequest("0123456789abcdef" * 2, "stages.toml", text, [AS_OF.isoformat()])
    answer = orders.order(this, "head", request, {})
    what_if_run.run(answer.result_id)
    assert results.fetch_result(this, answer.result_id, {}).state == "done"
    return "what-if"


def checkpoint(home: Path) -> None:
    """Force what the server does by itself every five minutes, and see that it is still the same
    server.
    """
    status = server_status(home)
    url = {"host": str(status.socket_dir), "user": "postgres", "dbname": "dunning"}
    with psycopg.connect(**url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    assert server_status(home) == status


if __name__ == "__main__":
    assert Settings.from_environment().home == Path(sys.argv[1])
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
