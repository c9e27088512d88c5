"""Bytes arrive as they left, through every fault of the line; or there is one refusal and nothing
stands.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import boto3
import numpy as np
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from dunning.core.errors import DunningError, OutageError
from dunning.gateways.s3.object_store import MIB, open_place
from dunning.gateways.s3.publishing import publish_objects
from dunning.gateways.s3.transfers import fetch_file, put_file, read_object
from tests.object_stores import Fault, Store

SMALL = b"premise_no;payer_code\n" * 500
LARGE = np.random.default_rng(7).integers(0, 256, 11 * MIB + 3, np.uint8).tobytes()  # three parts
CONTENTS = {"small": SMALL, "large": LARGE}


def both(*deeds: str, large: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Let a test run with deeds on something that travels whole, and on something that travels in
    parts.
    """
    cases = [*(("small", deed) for deed in deeds), *(("large", deed) for deed in large)]
    return pytest.mark.parametrize(("size", "deed"), cases)


def fetched(store: Store, folder: Path) -> bytes:
    """Return the object `ledger/a` as it comes through the line."""
    place = open_place(store.url("ledger"))
    (stored,) = place.objects()
    fetch_file(place, stored, folder / "a")
    return (folder / "a").read_bytes()


@both("stall", "busy", "reset", "lose", "cut", "corrupt", large=("reset", "cut", "corrupt"))
def test_a_fault_while_reading_is_got_over(
    size: str, deed: str, store: Store, tmp_path: Path
) -> None:
    store.put("ledger/a", CONTENTS[size])
    store.faults.append(
        Fault(deed, "GET", "ledger/a", times=2 if deed in ("reset", "corrupt") else 1)
    )

    assert fetched(store, tmp_path) == CONTENTS[size]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [fault.times for fault in store.faults] == [0]


@both("busy", "reset", "cut", "corrupt", large=("lose", "cut", "corrupt"))
def test_a_fault_that_stays_while_reading_is_refused(
    size: str, deed: str, store: Store, tmp_path: Path
) -> None:
    store.put("ledger/a", CONTENTS[size])
    store.faults.append(Fault(deed, "GET", "ledger/a", times=99))
    with pytest.raises(OutageError):
        fetched(store, tmp_path)
    assert list(tmp_path.iterdir()) == []


@both("stall", "busy", "reset", "lose", "corrupt", large=("reset", "lose", "corrupt"))
def test_a_fault_while_writing_is_got_over(
    size: str, deed: str, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(CONTENTS[size])
    store.faults.append(Fault(deed, "PUT", "out/a", times=2 if deed in ("reset", "corrupt") else 1))
    put_file(open_place(store.url("out")), "a", tmp_path / "a")

    assert store.read("out/a") == CONTENTS[size]
    assert store.unfinished_uploads() == []
    assert [fault.times for fault in store.faults] == [0]


@both("busy", "lose", "corrupt", "AccessDenied", large=("reset", "corrupt"))
def test_a_fault_that_stays_while_writing_is_refused(
    size: str, deed: str, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(CONTENTS[size])
    store.faults.append(Fault(deed, "PUT", "out/a", times=99))
    with pytest.raises(DunningError) as error:
        put_file(open_place(store.url("out")), "a", tmp_path / "a")

    assert isinstance(error.value, OutageError) == (deed != "AccessDenied")
    assert store.unfinished_uploads() == []


def test_an_upload_whose_last_answer_is_lost_is_found_complete(
    store: Store, tmp_path: Path
) -> None:
    """The store completes it once and knows no such upload when asked again."""
    (tmp_path / "a").write_bytes(LARGE)
    store.faults.append(Fault("lose", "POST", r"uploadId="))
    put_file(open_place(store.url("out")), "a", tmp_path / "a")

    assert store.read("out/a") == LARGE
    assert (
        len(
            [
                path
                for method, path in store.requests
                if method == "POST" and path.endswith("uploads")
            ]
        )
        == 1
    )


def test_a_large_object_replaced_between_two_parts_is_refused(store: Store, tmp_path: Path) -> None:
    """Every part is asked of the version that was listed."""
    store.put("ledger/a", LARGE)
    place = open_place(store.url("ledger"))
    (stored,) = place.objects()
    store.faults.append(Fault("cut", "GET", "ledger/a"))
    store.faults.append(Fault("replace", "GET", "ledger/a"))
    with pytest.raises(DunningError, match="changed or went away while it was read"):
        fetch_file(place, stored, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def by_crc32(store: Store) -> None:
    """As boto3 writes a small object today."""
    store.put("ledger/a", SMALL)


def by_sha1(store: Store) -> None:
    """As somebody writes who prefers SHA-1."""
    store.put("ledger/a", SMALL, ChecksumAlgorithm="SHA1")


def by_tag(store: Store) -> None:
    """As older programs write: there is only an ETag."""
    plain_client(store).put_object(Bucket=store.bucket, Key="ledger/a", Body=SMALL)


def by_parts(store: Store) -> None:
    """As boto3 writes a large object today: a checksum of the parts' checksums."""
    upload(store, store.client, LARGE)


def by_parts_tag(store: Store) -> None:
    """As older programs write a large object: there is only the ETag of its parts."""
    upload(store, plain_client(store), LARGE)


def by_one_part(store: Store) -> None:
    """A small object that was written as a large one."""
    upload(store, store.client, SMALL)


def plain_client(store: Store) -> object:
    """Return a client that gives no checksums."""
    config = Config(request_checksum_calculation="when_required")
    return boto3.session.Session().client(
        "s3", endpoint_url=store.client.meta.endpoint_url, config=config
    )


def upload(store: Store, client: object, content: bytes) -> None:
    """Write an object in parts."""
    where, step = {"Bucket": store.bucket, "Key": "ledger/a"}, 6 * MIB
    algorithm = {} if client is not store.client else {"ChecksumAlgorithm": "CRC32"}
    number = client.create_multipart_upload(**where, **algorithm)["UploadId"]
    parts = [
        {
            "PartNumber": n,
            "ETag": client.upload_part(
                **where, UploadId=number, PartNumber=n, Body=content[at : at + step]
            )["ETag"],
        }
        for n, at in enumerate(range(0, len(content), step), 1)
    ]
    client.complete_multipart_upload(**where, UploadId=number, MultipartUpload={"Parts": parts})


@pytest.mark.parametrize("write", [by_crc32, by_sha1, by_tag, by_parts, by_parts_tag, by_one_part])
def test_whatever_wrote_an_object_a_changed_bit_is_found(
    write: Callable[[Store], None], store: Store, tmp_path: Path
) -> None:
    write(store)
    original = store.read("ledger/a")
    assert fetched(store, tmp_path) == original
    (tmp_path / "a").unlink()

    store.faults.append(Fault("corrupt", "GET", "ledger/a", times=99))
    with pytest.raises(
        OutageError, match=r"ledger/a arrived here damaged 3 times \(its checksum differs\)"
    ):
        fetched(store, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_object_without_a_checksum_is_read_twice_until_both_agree(
    store: Store, tmp_path: Path
) -> None:
    """Encrypted with a key of the customer's, its ETag is no MD5, and whoever wrote it gave nothing
    else: a bit that was changed on the way shows by the second reading only.
    """
    plain_client(store).put_object(
        Bucket=store.bucket, Key="ledger/a", Body=SMALL, ServerSideEncryption="aws:kms"
    )
    store.faults.append(Fault("corrupt", "GET", "ledger/a", times=1))

    assert fetched(store, tmp_path) == SMALL
    assert [method for method, path in store.requests if path.endswith("/ledger/a")].count(
        "GET"
    ) == 4


def test_the_multipart_upload_of_boto3_itself_is_read(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(LARGE)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    store.client.upload_file(str(tmp_path / "b"), store.bucket, "ledger/a", Config=config)
    assert fetched(store, tmp_path) == LARGE


def test_the_store_is_given_the_checksum(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(SMALL)
    put_file(open_place(store.url("out")), "a", tmp_path / "a")
    told = store.client.head_object(Bucket=store.bucket, Key="out/a")
    assert told["Metadata"] == {"dunning-sha256": hashlib.sha256(SMALL).hexdigest()}


@pytest.mark.parametrize("code", ["BadDigest", "XAmzContentSHA256Mismatch"])
def test_a_store_that_finds_the_damage_itself_gets_it_again(
    code: str, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(SMALL)
    store.faults.append(Fault(code, "PUT", "out/a", times=2))
    put_file(open_place(store.url("out")), "a", tmp_path / "a")
    assert store.read("out/a") == SMALL


def test_an_object_whose_tag_is_no_md5_is_read_back(store: Store, tmp_path: Path) -> None:
    """The tag of an object under a key of one's own says nothing of its bytes; here it is that of a
    single part.
    """
    (tmp_path / "a").write_bytes(LARGE)
    store.put("out/a", LARGE)
    store.faults.append(Fault("NoSuchUpload", "POST", r"uploadId="))
    put_file(open_place(store.url("out")), "a", tmp_path / "a")

    assert [method for method, path in store.requests if method == "GET" and "out/a" in path] == [
        "GET"
    ]
    assert (
        len(
            [
                path
                for method, path in store.requests
                if method == "POST" and path.endswith("uploads")
            ]
        )
        == 1
    )


def test_what_is_read_back_and_differs_is_written_again(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LARGE)
    store.put("out/a", LARGE[::-1])
    store.faults.append(Fault("NoSuchUpload", "POST", r"uploadId="))
    put_file(open_place(store.url("out")), "a", tmp_path / "a")

    assert store.read("out/a") == LARGE
    assert (
        len(
            [
                path
                for method, path in store.requests
                if method == "POST" and path.endswith("uploads")
            ]
        )
        == 2
    )


def test_a_small_object_is_held_against_its_checksum_too(store: Store) -> None:
    store.put("out/manifest.json", b"{}")
    store.faults.append(Fault("corrupt", "GET", "manifest", times=2))
    assert read_object(open_place(store.url("out")), "manifest.json") == b"{}"
    store.faults.append(Fault("corrupt", "GET", "manifest", times=3))
    with pytest.raises(OutageError, match="damaged"):
        read_object(open_place(store.url("out")), "manifest.json")


def test_a_store_that_ignores_ranges_is_found_out(store: Store, tmp_path: Path) -> None:
    store.put("ledger/a", LARGE)
    place = open_place(store.url("ledger"))
    (stored,) = place.objects()
    store.faults.append(Fault("whole", "GET", "ledger/a", times=99))
    with pytest.raises(
        DunningError,
        match=r"gave 11534339 bytes of s3://.* where bytes 0 to 5242879 were asked for",
    ):
        fetch_file(place, stored, tmp_path / "a")


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    """Write files with a seal that names them."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    (path / "seal").write_bytes(
        repr({n: hashlib.sha256(c).hexdigest() for n, c in files.items()}).encode()
    )
    return path


def sealed(store: Store) -> list[str] | None:
    """Return what the standing seal promises and is not so; None where no seal stands."""
    keys = store.keys("out/")
    if "out/seal" not in keys:
        return None
    promised = eval(store.read("out/seal"))
    return [n for n, h in promised.items() if f"out/{n}" not in keys or store.hashes("out")[n] != h]


def test_a_reader_never_sees_half_of_two_folders(store: Store, tmp_path: Path) -> None:
    """Looked at after every single change in the store, through two folders, one after the
    other.
    """
    seen: list[list[str] | None] = []
    store.watch = lambda method, path: seen.append(sealed(store))
    place = open_place(store.url("out"))
    publish_objects(
        folder_of(tmp_path / "1", {"a": b"1", "b/c": b"2", "gone": b"3"}), place, "seal"
    )
    publish_objects(folder_of(tmp_path / "2", {"a": b"x", "b/c": b"2", "new": b"4"}), place, "seal")

    assert sorted(store.keys()) == ["out/a", "out/b/c", "out/new", "out/seal"]
    assert {tuple(broken) for broken in seen if broken is not None} == {()}
    assert seen[-1] == []


@pytest.mark.parametrize("passed", range(6))
def test_a_line_that_dies_after_any_write_leaves_no_seal(
    passed: int, store: Store, tmp_path: Path
) -> None:
    """And publishing again on a sound line ends as if nothing had been."""
    first = folder_of(tmp_path / "1", {"a": b"1", "b": b"2", "old": b"3"})
    second = folder_of(tmp_path / "2", {"a": b"x", "b": b"2", "c": b"y", "d": b"z", "e": b""})
    publish_objects(first, open_place(store.url("out")), "seal")
    store.faults.append(Fault("reset", "PUT", times=10**6, after=passed))
    store.faults.append(Fault("reset", "GET|HEAD|POST|DELETE", times=0))
    with pytest.raises(OutageError):
        publish_objects(second, open_place(store.url("out")), "seal")
    assert sealed(store) is None

    store.faults.clear()
    publish_objects(second, open_place(store.url("out")), "seal")
    assert sealed(store) == []
    assert sorted(store.keys()) == ["out/a", "out/b", "out/c", "out/d", "out/e", "out/seal"]


def test_what_others_put_there_stays(store: Store, tmp_path: Path) -> None:
    store.put("out/notes.txt", b"of a clerk")
    publish_objects(folder_of(tmp_path / "1", {"a": b"1"}), open_place(store.url("out")), "seal")
    assert sorted(store.keys()) == ["out/a", "out/notes.txt", "out/seal"]


def test_uploads_that_were_never_finished_are_given_back(store: Store, tmp_path: Path) -> None:
    """A process killed in the middle of a large file leaves its parts, which nobody sees and
    somebody pays for.
    """
    for key in ("out/a", "elsewhere/a"):
        store.client.create_multipart_upload(Bucket=store.bucket, Key=key)
    publish_objects(folder_of(tmp_path / "1", {"a": b"1"}), open_place(store.url("out")), "seal")
    assert store.unfinished_uploads() == ["elsewhere/a"]


def test_a_store_that_does_not_list_uploads_is_used_all_the_same(
    store: Store, tmp_path: Path
) -> None:
    store.faults.append(Fault("AccessDenied", "GET", r"\?uploads"))
    publish_objects(folder_of(tmp_path / "1", {"a": b"1"}), open_place(store.url("out")), "seal")
    assert sealed(store) == []


def test_a_store_that_knows_no_checksums_is_given_none(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As boto3 is told then: AWS_REQUEST_CHECKSUM_CALCULATION. What lies there is held against its
    tag all the same.
    """
    sent: list[bool] = []
    place = open_place(store.url("out"))
    for content, checksum in (
        (SMALL, "when_required"),
        (LARGE, "when_required"),
        (SMALL, "when_supported"),
    ):
        monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", checksum)
        (tmp_path / "a").write_bytes(content)
        put_file(place, "a", tmp_path / "a")
        assert store.read("out/a") == content
        sent.append("x-amz-checksum-sha256" in [name for names in store.headers for name in names])

    assert sent == [False, False, True]
