"""Write the lists for the rendered notices, and the manifest that names every file."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypedDict

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.documents.lists.csv_files import stream_csv
from dunning.documents.lists.list_columns import EMAIL, NOT_SENT, PRINT_INDEX, ListFile
from dunning.gateways.files.publishing import (
    MANIFEST,
    manifest_bytes,
    write_private,
    write_private_parts,
)
from dunning.gateways.files.seals import check_seal
from dunning.gateways.files.worktables import read_table
from dunning.jobs.monthly.plan import Planned, plan_seal
from dunning.jobs.monthly.render import RenderedUnit, read_rendered, rows_file
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.monthly.units import Unit, read_units
from dunning.jobs.receipts import ManifestPolicy


class WithheldCounts(TypedDict):
    """The number of withheld rows, and their number by reason."""

    rows: int
    reasons: dict[str, int]


class NoticeCounts(TypedDict):
    """The counts of notices that leave.

    notices: by channel. plain: notices that only the plain renderer could draw.
    """

    notices: dict[str, int]
    pages: int
    print_files: int
    plain: int
    withheld: WithheldCounts
    total_cents: int
    overdue_cents: int


class NoticesLedger(TypedDict):
    """The ledger that the notices were made from."""

    fingerprint: str


class NoticesManifest(NoticeCounts):
    """The manifest of a service's notices.

    wording: SHA-256 by name of the templates. files: SHA-256 by name.
    """

    as_of: str
    service: str
    since: str
    ledger: NoticesLedger
    policy: ManifestPolicy
    wording: dict[str, str]
    is_signed: bool
    files: dict[str, str]


@dataclass(frozen=True)
class Written:
    """The hashes and counts of the prepared folder.

    manifest_sha256: of the manifest. content_sha256: of its content without signatures.
    """

    manifest_sha256: str
    content_sha256: str
    counts: NoticeCounts


def write_lists(this: NoticesRun, planned: Planned) -> Written:
    """Write index, lists and manifest beside the rendered files; return their hashes and counts.

    Writing them again gives the same bytes.

    Args:
        planned: the receipt of `plan`.

    Raises:
        DunningError: a unit was not rendered, or what a step before wrote was changed.
    """
    check_seal(plan_seal(this), ["units.json", "withheld.parquet"])
    units = read_units(this.units / "units.json")
    rendered = [read_rendered(this, unit) for unit in units]
    letters, mails = (
        [unit for unit in units if unit.channel == channel] for channel in ("post", "email")
    )
    withheld = read_table(this.units / "withheld.parquet")
    contents: list[tuple[ListFile, Iterable[pa.Table]]] = [
        (PRINT_INDEX, _rows(this, letters)),
        (EMAIL, _rows(this, mails)),
        (NOT_SENT, [withheld]),
    ]
    lists = {f"{listed.path}.csv": _write(this, listed, tables) for listed, tables in contents}
    files = {name: sha256 for one in rendered for name, sha256 in one["files"].items()}
    # equal names would merge in the dictionary, and one notice would be lost
    if len(files) != sum(len(one["files"]) for one in rendered):
        raise DunningError(
            f"Two notices of {this.as_of} would have one file. Nothing was published."
        )
    counts = _count(planned, rendered, len(withheld))
    # one name is one file: lists and notices do not share names
    manifest = _manifest(this, counts, files | lists)
    content = manifest_bytes(manifest)
    write_private(this.prepared / MANIFEST, content)
    return Written(_sha256(content), _content_sha256(this, manifest, mails), counts)


def read_tokens(this: NoticesRun) -> Iterator[pa.Table]:
    """Yield the tokens of each unit for e-mail as the store takes them."""
    for unit in read_units(this.units / "units.json"):
        if unit.channel == "email":
            rows = read_table(rows_file(this, unit))
            yield rows.select(["token_sha256", "reference", "expires_on"]).append_column(
                "document_sha256", rows["sha256"]
            )


def _rows(this: NoticesRun, units: Iterable[Unit]) -> Iterator[pa.Table]:
    return (read_table(rows_file(this, unit)) for unit in units)


def _write(this: NoticesRun, listed: ListFile, tables: Iterable[pa.Table]) -> str:
    """Write a list as CSV, part by part; return its SHA-256."""
    path = this.prepared / f"{listed.path}.csv"
    return write_private_parts(path, stream_csv(tables, listed.columns))


def _count(planned: Planned, rendered: list[RenderedUnit], withheld: int) -> NoticeCounts:
    return {
        "notices": {"email": planned["email"], "post": planned["post"]},
        "pages": sum(one["pages"] for one in rendered),
        "print_files": sum(
            1 for one in rendered for name in one["files"] if name.startswith("print/")
        ),
        "plain": sum(one["plain"] for one in rendered),
        "withheld": {"rows": withheld, "reasons": planned["withheld"]},
        "total_cents": planned["total_cents"],
        "overdue_cents": planned["overdue_cents"],
    }


def _manifest(this: NoticesRun, counts: NoticeCounts, files: dict[str, str]) -> NoticesManifest:
    return {
        "as_of": this.as_of.isoformat(),
        "service": this.service,
        "since": this.since.isoformat(),
        "ledger": {"fingerprint": this.fingerprint},
        "policy": {"version": this.policy_version, "files": this.policy().hashes()},
        "wording": this.wording,
        "is_signed": this.is_signed,
        "files": files,
        **counts,
    }


def _content_sha256(this: NoticesRun, manifest: NoticesManifest, mails: list[Unit]) -> str:
    """Return the SHA-256 of the content without signatures: their bytes may differ each time."""
    # E-mail files, and the list that names their hashes, differ with each signature; they are
    # replaced by the hashes of the unsigned files.
    is_mail = {
        name: name.startswith("email/") or name == f"{EMAIL.path}.csv" for name in manifest["files"]
    }
    rest = {name: sha256 for name, sha256 in manifest["files"].items() if not is_mail[name]}
    digest = hashlib.sha256(manifest_bytes({**manifest, "files": rest}))
    unsigned = (
        # the hash without signature takes the place of the file's own
        rows.drop_columns("sha256").rename_columns({"content_sha256": "sha256"})
        for rows in _rows(this, mails)
    )
    for part in stream_csv(unsigned, EMAIL.columns):
        digest.update(part)
    return digest.hexdigest()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
