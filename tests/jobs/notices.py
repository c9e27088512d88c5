"""Monthly notices as the tests of the jobs see them: the command, the files that it left, what it
recorded.
"""

from datetime import date
from pathlib import Path

from sqlalchemy import Engine, text

from tests.jobs.nights import AS_OF, Night, Rows, dunning, read_csv
from tests.world import World, premise_of

KEY = "0123456789abcdef" * 4  # DUNNING_RECEIPT_KEY: the same tokens in every home
RECORDED = {
    "runs": "SELECT as_of, service, since, state, notices, withheld, manifest_sha256, content_sha256 "
    "FROM dunning.notice_runs ORDER BY as_of, service",
    "tokens": "SELECT t.* FROM dunning.receipt_tokens AS t ORDER BY token_sha256",
    "templates": "SELECT t.* FROM dunning.sent_templates AS t ORDER BY name",
}


def notices(
    out: Path | str, *options: str, as_of: date = AS_OF, service: str = "electricity"
) -> Night:
    """Run the command for one service and return what it did."""
    words = [
        "notices",
        "--as-of",
        as_of.isoformat(),
        "--out",
        str(out),
        "--service",
        service,
        *options,
    ]
    return dunning(*words, folder=folder_of(out, as_of, service))


def folder_of(out: Path | str, as_of: date = AS_OF, service: str = "electricity") -> Path:
    """Return where the files of a run lie."""
    return Path(out) / "notices" / as_of.isoformat() / service


def recorded(engine: Engine) -> dict[str, list[tuple]]:
    """Return what the store keeps of notices."""
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in RECORDED.items()
        }


def index_of(run: Night) -> Rows:
    """Return the index of the print files."""
    return read_csv(run.folder / "print" / "index.csv")


def mails_of(run: Night) -> Rows:
    """Return the list of e-mails."""
    return run.csv("email")


def references_of(run: Night) -> list[str]:
    """Return the references of all notices, sorted; one that stands twice stands twice here."""
    printed = [row["reference"] for row in index_of(run) if row["kind"] == "notice"]
    return sorted([*printed, *(row["reference"] for row in mails_of(run))])


def crowd(size: int = 40) -> World:
    """Return people of three districts: a third by e-mail; some overdue, some with a new bill, some
    with both.
    """
    ledger = World()
    for number in range(1, size + 1):
        bills = [("2026-12-14", f"{number}.10")] if number % 5 else []
        bills += [("2026-10-01", f"{number}.00")] if number % 2 else []
        district = ("Изток", "Люлин 3", "Запад")[number % 3 if number % 7 else 0]
        ledger.account(
            number,
            *bills,
            email=number % 3 == 0,
            district=district,
            route=f"{number % 4:02d}",
            phone=False,
        )
    return ledger


def expected_references(size: int = 40) -> list[str]:
    """Return the references of the crowd's notices, sorted."""
    return sorted(
        f"20261122-N{'E' if number % 3 == 0 else 'P'}-{premise_of(number)}-P{number}"
        for number in range(1, size + 1)
        if number % 5 or number % 2
    )
