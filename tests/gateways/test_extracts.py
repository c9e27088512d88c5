"""An extract in a bucket is brought here once, whole, and goes on where it broke off."""

from datetime import date
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.extracts import bring_extract, find_ledger
from dunning.gateways.s3.extracts import RECORD, bring_from_bucket
from tests.object_stores import Fault, Store

FILES = {
    "holds.csv": b"hold_no\n1\n",
    "invoices.csv.gz": b"\x1f\x8b",
    "manifest.json": b"{}",
    "payers.PARQUET": b"PAR1",
    "payments.csv": b"payment_no\n" * 100,
}


@pytest.fixture
def ledger(store: Store) -> Store:
    """A bucket with an extract and, beside and below it, what is no file of it."""
    for name, content in FILES.items():
        store.put(f"ledger/{name}", content)
    for key in (
        "ledger/readme.txt",
        "ledger/old/payments.csv",
        "ledger2/payments.csv",
        "payments.csv",
    ):
        store.put(key, b"not of the extract")
    return store


def bring(store: Store, home: Path, prefix: str = "ledger") -> Path:
    """Bring an extract of the bucket into a home."""
    return bring_from_bucket(store.url(prefix), home, lambda _: None)


def files(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, but for the record."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != RECORD}


def fetched(store: Store) -> list[str]:
    """Return the files of the extract that were asked for, and forget all requests."""
    asked = [path for method, path in store.requests if method == "GET" and "/ledger/" in path]
    store.requests.clear()
    return sorted(path.rpartition("/")[2] for path in asked)


def test_a_local_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    ledger = find_ledger(str(tmp_path / "ledger"))
    assert (
        bring_extract(ledger, tmp_path / "home", lambda _: None, as_of=date(2026, 11, 22))
        == tmp_path / "ledger"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["ftp://host/ledger", "https://host/ledger", "file:///ledger"])
def test_another_scheme_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        DunningError, match=r"^--ledger is an address \(\w+://\), which is not taken here; give"
    ):
        find_ledger(url)


def test_the_files_of_the_extract_and_nothing_else_come(ledger: Store, tmp_path: Path) -> None:
    folder = bring(ledger, tmp_path)

    assert files(folder) == FILES
    assert {
        oct(path.stat().st_mode & 0o777) for path in folder.iterdir() if path.name != RECORD
    } == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_what_was_brought_once_is_not_brought_again(ledger: Store, tmp_path: Path) -> None:
    folder = bring(ledger, tmp_path)
    assert fetched(ledger) == sorted(FILES)
    assert (bring(ledger, tmp_path), fetched(ledger)) == (folder, [])


def test_what_changed_here_or_there_is_brought_again_and_what_went_away_goes(
    ledger: Store, tmp_path: Path
) -> None:
    folder = bring(ledger, tmp_path)
    fetched(ledger)
    (folder / "payments.csv").write_bytes(FILES["payments.csv"][::-1])
    (folder / "invoices.csv").write_text("put there by somebody", "utf-8")
    ledger.put("ledger/holds.csv", b"hold_no\n2\n")
    ledger.client.delete_object(Bucket=ledger.bucket, Key="ledger/payers.PARQUET")
    bring(ledger, tmp_path)

    expected = FILES | {"holds.csv": b"hold_no\n2\n"}
    expected.pop("payers.PARQUET")
    assert (fetched(ledger), files(folder)) == (["holds.csv", "payments.csv"], expected)


def test_a_record_that_cannot_be_read_costs_a_download(ledger: Store, tmp_path: Path) -> None:
    folder = bring(ledger, tmp_path)
    fetched(ledger)
    (folder / RECORD).write_text("{", "utf-8")
    bring(ledger, tmp_path)
    assert (fetched(ledger), files(folder)) == (sorted(FILES), FILES)


def test_what_broke_off_is_gone_on_with(ledger: Store, tmp_path: Path) -> None:
    ledger.faults = [Fault("reset", "GET", "ledger/payers", 99)]
    with pytest.raises(DunningError, match="did not answer, or broke off"):
        bring(ledger, tmp_path)
    ledger.faults = []
    fetched(ledger)

    assert files(bring(ledger, tmp_path)) == FILES
    assert fetched(ledger) == ["payers.PARQUET", "payments.csv"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault("replace", "HEAD", "ledger/payers"),
            "ledger/payers.PARQUET changed or went away while it was read",
        ),
        (
            Fault("replace", "GET", "ledger/payers"),
            "ledger/payers.PARQUET changed or went away while it was read",
        ),
        (
            Fault("extra", "GET", "ledger/payers"),
            "The files in s3://{bucket}/ledger changed while they were read",
        ),
    ],
    ids=["listed", "described", "another"],
)
def test_an_extract_that_changes_while_it_is_read_is_refused(
    fault: Fault, said: str, ledger: Store, tmp_path: Path
) -> None:
    ledger.faults = [fault]
    with pytest.raises(DunningError) as error:
        bring(ledger, tmp_path)
    assert said.format(bucket=ledger.bucket) in str(error.value)


def test_a_place_without_an_extract_is_refused(ledger: Store, tmp_path: Path) -> None:
    ledger.put("empty/readme.txt", b"")
    with pytest.raises(DunningError) as error:
        bring(ledger, tmp_path, "empty")
    assert str(error.value) == (
        f"There is no file of a ledger extract (.csv, .csv.gz, .parquet) right at {ledger.url('empty')}; 1 other "
        "objects are there. Check --ledger, and that the extract was written."
    )


def test_only_one_extract_is_kept_here(ledger: Store, tmp_path: Path) -> None:
    bring(ledger, tmp_path, "ledger2")
    folder = bring(ledger, tmp_path)
    assert list((tmp_path / "incoming").iterdir()) == [folder]
