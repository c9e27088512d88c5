"""Closed nights whose lists wait for approval."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.jobs.nights import AS_OF, nightly, say_fresh
from tests.jobs.release.releases import APPROVERS, ledger
from tests.kept_nights import Keep
from tests.world import World, premise_of


@pytest.fixture
def night(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Path:
    """The night of AS_OF, closed; its folder of lists. Who may approve stands in the home."""
    kept(_close).restore(engine, tmp_path)
    return tmp_path / "out" / AS_OF.isoformat()


@pytest.fixture
def reviewed(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Path:
    """A night with a ready case (4) and two that a person must look at first (5: no identifier, 6:
    that, and dead).
    """
    kept(_close_reviewed).restore(engine, tmp_path)
    return tmp_path / "out" / AS_OF.isoformat()


def _close(folder: Path) -> None:
    _close_with(ledger(), folder)


def _close_reviewed(folder: Path) -> None:
    made = ledger()
    for number in (5, 6):
        made.account(number, ("2026-01-20", "200.00"), disconnectable="no")
        made.notice(number, "overdue", "2026-05-01", "2026-05-03")
        made.notice(number, "final_warning", "2026-09-01", "2026-09-03")
        made.rows["payers"][-1]["national_id"] = ""
    made.invoice(6, "2026-02-20", "5.00")
    made.add(
        "holds",
        hold_no="H1",
        premise_no=premise_of(6),
        payer_code="P6",
        reason="deceased",
        valid_from="2026-11-01",
        invoice_no=made.rows["invoices"][-1]["invoice_no"],
    )
    _close_with(made, folder)


def _close_with(world: World, folder: Path) -> None:
    closed = nightly(say_fresh(world.write(folder / "ledger"), AS_OF), folder / "out")
    assert closed.code == 0, closed.told
    (folder / "home" / "people.toml").write_text(APPROVERS, "utf-8")
