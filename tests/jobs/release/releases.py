"""Releases as their tests see them: a small ledger, who may approve, what left and what was recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.gateways.files.targets import FolderTarget
from dunning.gateways.store import holds
from dunning.jobs.release import offer, publish
from dunning.policy.policies import BUILT_IN
from tests.jobs.nights import AS_OF, days, read_csv
from tests.world import World, premise_of


@contextmanager
def killed_while_publishing(monkeypatch: pytest.MonkeyPatch, is_out: bool) -> Iterator[None]:
    """Let what is run inside die right before its files are published, or right after."""

    class Killed(BaseException):
        pass

    real = FolderTarget.publish

    def die(self: FolderTarget, prepared: Path) -> None:
        if is_out:
            real(self, prepared)
        raise Killed

    with monkeypatch.context() as struck, pytest.raises(Killed):
        struck.setattr(FolderTarget, "publish", die)
        yield


before_or_after = pytest.mark.parametrize(
    "is_out", [False, True], ids=["before its files were out", "after its files were out"]
)


APPROVERS = """[people.head]
role = "collections"
approves = ["disconnections", "reminders"]
[people.legal]
role = "legal"
approves = ["court"]
"""


def ledger() -> World:
    """Three premises to cut off (1, 2, 3), a case for court (4), two messages (7, 8); 9 is an
    account without debt.
    """
    made = World()
    for number in (1, 2, 3):
        made.account(number, ("2026-08-20", "80.00"), ("2026-09-20", "40.00"))
        made.notice(number, "disconnection", "2026-10-01", "2026-10-03")
        made.notice(number, "overdue", "2026-11-01", "2026-11-03")
    made.account(4, ("2026-01-20", "300.00"), disconnectable="no")
    made.notice(4, "overdue", "2026-05-01", "2026-05-03").notice(
        4, "final_warning", "2026-09-01", "2026-09-03"
    )
    for number in (7, 8):
        made.account(number, ("2026-09-20", "40.00"), disconnectable="no")
    return made.account(9, ("2026-12-20", "10.00"))


def reply(answer: str = "approved", by: str = "head", note: str = "") -> publish.Reply:
    return publish.Reply(answer, by, note)


def release(
    list_name: str, given: publish.Reply, ledger: Path | None = None, on: date = AS_OF
) -> dict:
    """Release a list of the last closed night on a day."""
    waits = offer.find_waiting()[list_name]
    return publish.run(waits, given, str(ledger) if ledger else None, on=on)


def released(night: Path, list_name: str) -> Path:
    return night.parent / "released" / AS_OF.isoformat() / list_name


def deeds_of(engine: Engine, channel: str) -> list[tuple[str, str]]:
    query = text(
        "SELECT premise_no, state FROM dunning.deeds WHERE channel = :channel ORDER BY premise_no"
    )
    with engine.connect() as connection:
        return [
            (row.premise_no, row.state) for row in connection.execute(query, {"channel": channel})
        ]


def premises(*numbers: int) -> list[str]:
    return [premise_of(number) for number in numbers]


def strike(engine: Engine, number: int) -> int:
    return holds.append_hold(
        engine,
        premise_no=premise_of(number),
        payer_code=f"P{number}",
        list_name="disconnections",
        struck_on=AS_OF,
        note="жалба по телефона",
        author="head",
        valid_until=days(30),
    )


def dropped(night: Path, list_name: str) -> dict[str, str]:
    """Why rows stayed at the last look, by premise."""
    rows = read_csv(released(night, list_name) / "dropped.csv")
    return {row["premise_no"]: row["reason"] for row in rows}


def killed(night: Path, list_name: str, number: int = 1) -> list[dict[str, str]]:
    """The rows of the kill list of a list's n-th recall, which has one file."""
    folder = (
        night.parent
        / "recalled"
        / AS_OF.isoformat()
        / (list_name if number == 1 else f"{list_name}-{number}")
    )
    return read_csv(folder / f"kill-{list_name}.csv")


def own_policy(tmp_path: Path, old: str, new: str) -> Path:
    """A policy folder in which a line of release.toml is another in both its versions."""
    folder = tmp_path / "policy"
    folder.mkdir()
    built_in = (BUILT_IN / "release.toml").read_text("utf-8")
    assert built_in.count(f"\n{old}\n") == 2
    (folder / "release.toml").write_text(built_in.replace(f"\n{old}\n", f"\n{new}\n"), "utf-8")
    return folder
