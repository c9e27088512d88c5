"""What lies in an object store, and what an operator reads where it cannot be used; a real server
over HTTP.
"""

import socket
from pathlib import Path

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from dunning.core.errors import DunningError, OutageError, UsageError
from dunning.gateways.s3.object_store import Stored, open_place
from dunning.gateways.s3.transfers import fetch_file, put_file, read_object
from tests.object_stores import Fault, Store


@pytest.mark.parametrize(
    ("url", "bucket", "prefix", "shown"),
    [
        ("s3://lists", "lists", "", "s3://lists"),
        ("s3://lists/", "lists", "", "s3://lists"),
        ("s3://lists/out/heat", "lists", "out/heat/", "s3://lists/out/heat"),
        ("S3://lists/out//", "lists", "out/", "s3://lists/out"),
        ("s3://lists/списъци 2026", "lists", "списъци 2026/", "s3://lists/списъци 2026"),
    ],
)
def test_an_address_names_a_bucket_and_a_prefix(
    url: str, bucket: str, prefix: str, shown: str
) -> None:
    place = open_place(url)
    assert (place.bucket, place.prefix, str(place)) == (bucket, prefix, shown)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///prefix", "s3://a b/c", "s3://bucket/a//b", "s3://bucket/../x"]
)
def test_an_address_that_names_nothing_is_a_usage_error(url: str) -> None:
    with pytest.raises(
        UsageError,
        match=r"names no place in an object store; write s3://bucket or s3://bucket/prefix",
    ):
        open_place(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(UsageError) as refusal:
        open_place("s3://clerk:secret@bucket/prefix")
    assert "secret" not in str(refusal.value)


def test_objects_are_told_by_name_however_many(store: Store) -> None:
    """The protocol gives a thousand at once."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(1003):
        backend.put_object(store.bucket, f"ledger/{number:04d}.csv", b"x")
    store.put("ledger-of-others/0.csv", b"y")
    found = open_place(store.url("ledger")).objects()

    assert [entry.name for entry in found] == [f"{number:04d}.csv" for number in range(1003)]
    assert {entry.size for entry in found} == {1}
    assert [path for _, path in store.requests if "continuation-token" in path] != []


def test_what_is_not_there_is_none(store: Store) -> None:
    place = open_place(store.url("out"))
    assert (place.find("manifest.json"), read_object(place, "manifest.json"), place.objects()) == (
        None,
        None,
        [],
    )


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    store.put("out/a", b"a")
    open_place(store.url("out")).remove(["a", "b"])
    assert store.keys() == []


def message_of(error: pytest.ExceptionInfo[DunningError]) -> str:
    """Return the one line of a refusal."""
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["objects", "find"])
def test_no_such_bucket(store: Store, name: str) -> None:
    store.line.stores["not-there"] = store
    place = open_place("s3://not-there/out")
    with pytest.raises(DunningError) as error:
        place.objects() if name == "objects" else place.find("manifest.json")
    assert message_of(error) == (
        f"The object store has no bucket not-there, so s3://not-there/out/{'manifest.json' if name == 'find' else ''} "
        "cannot be used. Make the bucket, or correct the address or AWS_ENDPOINT_URL_S3."
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "AccessDenied",
            "The object store does not let us list {url} (AccessDenied). Give the credentials the right "
            "to list, get, put and delete there, and run again.",
        ),
        (
            "SignatureDoesNotMatch",
            "The object store does not accept our credentials for {url} (SignatureDoesNotMatch). "
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE, and run again.",
        ),
        (
            "RequestTimeTooSkewed",
            "The clock of this machine and that of the object store differ by more than 15 "
            "minutes, so it takes nothing from us for {url}. Set the clock right and run again.",
        ),
        (
            "InvalidBucketState",
            "The object store refused to list {url} (InvalidBucketState). Check the address, the "
            "bucket's region (AWS_REGION) and its rules, and run again.",
        ),
    ],
)
def test_what_the_store_refuses_is_refused_with_a_cure(store: Store, code: str, said: str) -> None:
    store.faults.append(Fault(code, times=99))
    with pytest.raises(DunningError) as error:
        open_place(store.url("out")).objects()

    assert message_of(error) == said.format(url=f"{store.url('out')}/")
    assert not isinstance(error.value, OutageError)


def test_no_credentials(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(DunningError) as error:
        open_place(store.url("out")).objects()
    assert message_of(error) == (
        f"There are no credentials for {store.url('out')}/ (NoCredentialsError). Set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role, and run again."
    )


def test_a_profile_that_is_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "billing")
    with pytest.raises(
        DunningError, match=r"^There are no credentials for s3://.* \(ProfileNotFound\)"
    ):
        open_place(store.url("out")).objects()


def test_nobody_listens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    with pytest.raises(OutageError) as error:
        open_place(store.url("out")).objects()
    assert message_of(error) == (
        f"The object store 127.0.0.1:{port} did not answer, or broke off, again and again while {store.url('out')}/ "
        "was in work (EndpointConnectionError). Check the network and AWS_ENDPOINT_URL_S3, and run again."
    )


@pytest.mark.parametrize("deed", ["reset", "busy"])
def test_a_store_that_never_answers_well_is_an_outage(store: Store, deed: str) -> None:
    """It was asked as often as our patience goes, and no more."""
    store.faults.append(Fault(deed, times=99))
    with pytest.raises(OutageError):
        open_place(store.url("out")).find("manifest.json")
    assert len(store.requests) == 3


def test_an_object_replaced_since_it_was_listed_is_refused(store: Store, tmp_path: Path) -> None:
    store.put("ledger/payers.csv", b"old")
    place = open_place(store.url("ledger"))
    (listed,) = place.objects()
    store.put("ledger/payers.csv", b"new")
    with pytest.raises(DunningError) as error:
        fetch_file(place, listed, tmp_path / "payers.csv")

    assert message_of(error) == (
        f"{store.url('ledger')}/payers.csv changed or went away while it was read: parts of two versions would be "
        "mixed. Wait until it is written to its end and run again."
    )
    assert list(tmp_path.iterdir()) == []


def test_an_object_removed_since_it_was_listed_is_refused(store: Store, tmp_path: Path) -> None:
    place = open_place(store.url("ledger"))
    with pytest.raises(DunningError, match="changed or went away while it was read"):
        fetch_file(
            place,
            Stored("payers.csv", 3, '"900150983cd24fb0d6963f7d28e17f72"'),
            tmp_path / "payers.csv",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_take_a_file_says_so(store: Store, tmp_path: Path) -> None:
    store.put("ledger/payers.csv", b"abc")
    place = open_place(store.url("ledger"))
    with pytest.raises(FileNotFoundError):
        fetch_file(place, place.objects()[0], tmp_path / "not there" / "payers.csv")


def test_only_the_owner_may_read_what_was_fetched(store: Store, tmp_path: Path) -> None:
    store.put("ledger/payers.csv", b"abc")
    place = open_place(store.url("ledger"))
    sha256 = fetch_file(place, place.objects()[0], tmp_path / "payers.csv")

    assert sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (tmp_path / "payers.csv").stat().st_mode & 0o777 == 0o600


def test_an_empty_file_goes_there_and_back(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    place = open_place(store.url("out"))
    put_file(place, "empty", tmp_path / "empty")
    fetch_file(place, place.objects()[0], tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b""
