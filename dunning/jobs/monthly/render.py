"""Render the planned units: print files, and one signed file per e-mail with its data."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError, UsageError
from dunning.core.memory import keep_freed_memory
from dunning.documents.messages.notice_mail import MailHead, write_mails
from dunning.documents.notice.printing import Batch, Single, print_batches, print_singles
from dunning.documents.notice.run_constants import Press
from dunning.gateways.files.publishing import make_private, write_private
from dunning.gateways.files.receipt_key import hash_token, open_receipt_key
from dunning.gateways.files.seals import check_seal, seal_files
from dunning.gateways.files.worktables import read_streams, write_table
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import sha256_of
from dunning.jobs.monthly.plan import plan_seal
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.monthly.seal import REASON, find_seal, signed_at
from dunning.jobs.monthly.units import Unit, read_units
from dunning.jobs.run_context import RunReceipt
from dunning.policy.rules import Rules

# Characters of a name without hash and suffix; common file systems take 255 bytes in all.
_NAME_MAX = 200
# Notices drawn together; more of them need more memory.
_AT_ONCE = 2000


@dataclass(frozen=True)
class Made:
    """The results of rendering a unit.

    rows: of a print file, its index; of single files, one row per e-mail (see `_mail`). files:
    SHA-256 by name below the prepared folder. pages: of print files. plain: notices that only the
    plain renderer could draw.
    """

    rows: pa.Table
    files: dict[str, str]
    pages: int
    plain: int


class RenderedPart(TypedDict):
    """The counts of a rendered part."""

    part: int
    parts: int
    units: int
    notices: int


class RenderedUnit(TypedDict):
    """The files and pages of a rendered unit; see `Made`."""

    files: dict[str, str]
    pages: int
    plain: int


def run(run: RunReceipt, part: int = 0, parts: int = 1) -> RenderedPart:
    """Render one part of the units into the run's prepared folder; return counts.

    The parts share nothing and may run at once; any number of them gives the same files. Rendering
    a part again gives the same files again.

    Raises:
        DunningError: a template or the certificate cannot be used, or a notice got no page.
    """
    if not 0 <= part < parts:
        raise UsageError(f"Part {part} of {parts} does not exist; parts are counted from 0.")
    keep_freed_memory()
    this = NoticesRun.of(run)
    check_seal(this.given_seal)
    check_seal(plan_seal(this), ["units.json"])
    desk = _Desk(this)
    # every `parts`-th unit, so that the large print files are spread over all processes
    units = read_units(this.units / "units.json")[part::parts]
    for unit in units:
        desk.render(unit)
    return {
        "part": part,
        "parts": parts,
        "units": len(units),
        "notices": sum(unit.notices for unit in units),
    }


def read_rendered(this: NoticesRun, unit: Unit) -> RenderedUnit:
    """Return files, pages and plain notices of a rendered unit.

    Raises:
        DunningError: it was not rendered, or what its rendering wrote was changed.
    """
    check_seal(this.rendered / f"{unit.name}.seal")
    content = (this.rendered / f"{unit.name}.json").read_text(encoding="utf-8")
    record: RenderedUnit = json.loads(content)
    return record


def rows_file(this: NoticesRun, unit: Unit) -> Path:
    """Return the file of a rendered unit's rows."""
    return this.rendered / f"{unit.name}.parquet"


class _Desk:
    """The settings, key and certificate with which a run's units are rendered."""

    def __init__(self, this: NoticesRun) -> None:
        self.this, self.rules = this, this.rules()
        self.press = Press.of(
            this.as_of, self.rules, this.since, this.newest_paid_on, this.templates
        )
        self.seal = find_seal(this.as_of) if this.is_signed else None
        self.key = open_receipt_key(Settings.from_environment().home)

    def render(self, unit: Unit) -> None:
        """Render a unit; write its files, and its counts under a seal."""
        check_seal(plan_seal(self.this), [f"{unit.name}.arrow"])
        notices = pa.concat_tables(
            read_streams([self.this.units / f"{unit.name}.arrow"])
        ).combine_chunks()
        made = self._letters(unit, notices) if unit.channel == "post" else self._mails(notices)
        record = self.this.rendered / f"{unit.name}.json"
        rendered: RenderedUnit = {"files": made.files, "pages": made.pages, "plain": made.plain}
        write_private(record, json.dumps(rendered).encode())
        rows = rows_file(self.this, unit)
        write_table(rows, made.rows)
        seal_files(self.this.rendered / f"{unit.name}.seal", [record, rows])

    def _letters(self, unit: Unit, notices: pa.Table) -> Made:
        batches = (notices.slice(first, _AT_ONCE) for first in range(0, len(notices), _AT_ONCE))
        folder = self.this.prepared / "print"
        make_private(folder)
        printed: list[Batch] = print_batches(
            batches,
            self.press,
            self.rules.notices.batch_pages_max,
            unit.name.removeprefix("post-"),
            folder,
        )
        index = pa.concat_tables([batch.index for batch in printed])
        # the index also has separator sheets; only notices must agree
        found = pc.sum(pc.equal(index["kind"], "notice")).as_py()
        if found != unit.notices:
            raise DunningError(
                f"{unit.notices} notices were to be printed in {unit.name}, and {found} were."
            )
        for batch in printed:
            (folder / batch.file).chmod(0o600)
        files = {f"print/{batch.file}": sha256_of(folder / batch.file) for batch in printed}
        return Made(
            index, files, sum(batch.pages for batch in printed), pc.sum(index["is_plain"]).as_py()
        )

    def _mails(self, notices: pa.Table) -> Made:
        made = [self._sign(single) for single in print_singles(notices, self.press)]
        references = [name for name, *_ in made]
        # the order must agree too: rows and files are joined by position below
        if references != notices["reference"].to_pylist():
            raise DunningError(
                "The files for e-mail are not those of the notices that were to be rendered."
            )
        tokens = [self.key.token(reference) for reference in references]
        url, day = self.rules.profile.receipt_url, self.this.as_of
        # without a receipt address the e-mail has no link, but its token is recorded all the same
        links = [f"{url}{token}" if url else None for token in tokens]
        mails = write_mails(notices, links, mail_head(self.rules, self.this.templates))
        rows = {
            "reference": references,
            "address": notices["email"],
            "subject": mails["subject"],
            "text": mails["text"],
            "file": [file_of(reference) for reference in references],
            "sha256": [sha256 for _, sha256, _, _ in made],
            "content_sha256": [content for _, _, content, _ in made],
            "send_until": pa.repeat(pa.scalar(day + timedelta(days=1), pa.date32()), len(made)),
            "token_sha256": [hash_token(token) for token in tokens],
            "expires_on": pa.repeat(
                pa.scalar(day + timedelta(days=self.rules.notices.receipt_days), pa.date32()),
                len(made),
            ),
        }
        table = pa.table(rows)
        files = dict(zip(rows["file"], rows["sha256"], strict=True))
        return Made(table, files, 0, sum(is_plain for *_, is_plain in made))

    def _sign(self, single: Single) -> tuple[str, str, str, bool]:
        """Write a notice's file; return its reference, hashes, and whether it is plain.

        Two hashes, SHA-256: of the file as it is, and without its signature.
        """
        content = single.content
        if self.seal is not None:
            content = self.seal.sign(content, REASON, signed_at(self.this.as_of))
        write_private(self.this.prepared / file_of(single.reference), content)
        sha256, unsigned = (hashlib.sha256(part).hexdigest() for part in (content, single.content))
        return single.reference, sha256, unsigned, single.is_plain


def mail_head(rules: Rules, templates: Path) -> MailHead:
    """Return what all e-mails of a run have in common."""
    return MailHead(rules.profile, rules.supplier.phone, rules.notices.wording, templates)


def file_of(reference: str) -> str:
    """Return the name of a notice's file below the run's folder.

    Characters that a file's name may not contain are written as %XX.

    >>> file_of("20261115-NE-0042-A/7")
    'email/20261115-NE-0042-A%2F7.pdf'
    """
    name = quote(reference, safe="%")
    # a shortened name keeps a hash of the whole reference, so that two never share a file
    if len(name) > _NAME_MAX:
        name = f"{name[:_NAME_MAX]}-{hashlib.sha256(reference.encode()).hexdigest()[:16]}"
    return f"email/{name}.pdf"
