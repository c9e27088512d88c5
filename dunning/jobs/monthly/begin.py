"""Begin a service's notices: open the stored date, check it, and fill the work folder."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.core.errors import DunningError, UsageError
from dunning.core.words import SERVICES
from dunning.decisions.monthly.billing_groups import since_of
from dunning.documents.messages.notice_mail import mail_files
from dunning.documents.notice.wording import notice_files
from dunning.documents.words import TEMPLATES
from dunning.gateways.extracts import settle_place
from dunning.gateways.files.publishing import remove_folders, write_private
from dunning.gateways.files.receipt_key import open_receipt_key
from dunning.gateways.files.seals import seal_files
from dunning.gateways.postgres.database import NOTICES_LOCK, Connection, Engine, run_lock
from dunning.gateways.s3.object_store import SCHEME
from dunning.gateways.settings.environment import Settings, refuse_url
from dunning.gateways.store import notices, open_store, outbox
from dunning.gateways.store.closing import CLOSE
from dunning.jobs.monthly.runs import NoticesRun, find_notices_folders, new_notices_folder
from dunning.jobs.monthly.seal import find_seal
from dunning.jobs.monthly.shown import recall_shown
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.past_night import Night, open_night
from dunning.jobs.recovery import recover
from dunning.jobs.run_context import RunReceipt

_OPEN_NIGHT = (
    "Книгите на този ден не са приключени: съобщенията са само написани и нищо не е отбелязано "
    "като изпратено."
)
_AGAIN = "Съобщенията за този ден са вече отбелязани като изпратени; не ги изпращайте втори път."


@dataclass(frozen=True)
class MonthlyRequest:
    """A request for the monthly notices of a service on a date.

    dry_run: write files, record nothing.

    Raises:
        UsageError: no such service.
    """

    as_of: date
    out: str
    service: str
    dry_run: bool = False
    policy: Path | None = None

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            raise UsageError(
                f"There is no service {self.service!r}; give one of {', '.join(SERVICES)}."
            )

    @classmethod
    def of(
        cls, as_of: date, out: str, service: str, dry_run: bool = False, policy: str | None = None
    ) -> "MonthlyRequest":
        """Return a request for texts as typed; refuse an address where none can be used."""
        refuse_url(out, "--out", (SCHEME,))
        refuse_url(policy or "", "--policy")
        own = Path(policy).absolute() if policy else None
        return cls(as_of, settle_place(out), service, dry_run, own)

    @property
    def purpose(self) -> str:
        """Purpose recorded with the run lock; shown to a run that finds it taken."""
        return f"notices {self.as_of} {self.service}"


def run(
    as_of: str, out: str, service: str, dry_run: bool = False, policy: str | None = None
) -> RunReceipt:
    """Begin the notices; return the receipt that the other steps take. See `begin`."""
    request = MonthlyRequest.of(date.fromisoformat(as_of), out, service, dry_run, policy)
    settings = Settings.from_environment()
    engine = open_store(settings, request.purpose)
    with run_lock(engine, request.purpose, NOTICES_LOCK) as connection:
        return begin(settings, engine, connection, request)


def begin(
    settings: Settings, engine: Engine, connection: Connection, request: MonthlyRequest
) -> RunReceipt:
    """Open the stored run of a date and fill a work folder; return the run's receipt.

    The caller holds the notices' lock. Folders that earlier runs of the service left are removed,
    whatever became of those runs. Nothing is recorded yet.

    Raises:
        DunningError: no run of that date is known, its snapshot is not kept any more or was
            damaged, no premise has the service, tables that protect people were missing, wording
            was changed after it had been sent, or the certificate cannot sign.
    """
    _finish_interrupted(engine, connection, request)
    # we hold the lock, so no other run is at work in these
    remove_folders(find_notices_folders(settings, request.service))
    policy = load_checked_policy(request.policy) if request.policy else None
    night = open_night(settings, connection, request.as_of, policy)
    _refuse_unfit(night, request)
    templates = _read_templates(night.rules.notices.wording)
    wording = {name: hashlib.sha256(content).hexdigest() for name, content in templates.items()}
    notices.refuse_changed_wording(connection, wording)
    # key and certificate are opened now: a wrong one must stop the run before the long steps
    open_receipt_key(settings.home)
    is_signed = find_seal(request.as_of) is not None
    this = _make_run(settings, connection, request, night, wording, is_signed)
    _lay_out(this, night, templates)
    return this.to_receipt()


def _finish_interrupted(engine: Engine, connection: Connection, request: MonthlyRequest) -> None:
    """Bring an interrupted close, and interrupted notices, to their end."""
    # An interrupted close belongs to the nightly runs: it is finished under their lock, not ours.
    if outbox.fetch_intents(connection, CLOSE):
        with run_lock(engine, request.purpose) as own:
            recover(own)
    outbox.recover(connection, notices.NOTICES)


def _make_run(
    settings: Settings,
    connection: Connection,
    request: MonthlyRequest,
    night: Night,
    wording: dict[str, str],
    is_signed: bool,
) -> NoticesRun:
    """Return the run as its steps pass it on."""
    known = notices.fetch_notice_run(connection, request.as_of, request.service)
    is_closed = night.known.state == "closed"
    # a run that is recorded shows the same documents again
    since = known.since if known else _since(connection, night, request.service)
    memory = recall_shown(connection, request.service, since, known)
    remarks = ((_OPEN_NIGHT, not is_closed and not request.dry_run), (_AGAIN, known is not None))
    return NoticesRun(
        as_of=request.as_of,
        service=request.service,
        since=since,
        shown_until=memory.until,
        shown_run_no=memory.run_no,
        out=request.out,
        work=str(new_notices_folder(settings, request.as_of, request.service)),
        snapshot=str(night.snapshot.folder),
        fingerprint=night.snapshot.fingerprint,
        policy_version=night.rules.version,
        is_recording=is_closed and known is None and not request.dry_run,
        is_signed=is_signed,
        newest_paid_on=night.newest_paid_on,
        wording=wording,
        warnings=[text for text, is_so in remarks if is_so],
    )


def _since(connection: Connection, night: Night, service: str) -> date:
    last_run = notices.last_notices(connection, before=night.as_of)
    return since_of(night.as_of, night.rules.notices, service, last_run)


def _refuse_unfit(night: Night, request: MonthlyRequest) -> None:
    if request.service not in night.snapshot.services():
        raise DunningError(
            f"No premise in the ledger of {night.as_of} has {request.service}, so nobody gets a notice."
        )
    if night.stops and not request.dry_run:
        raise DunningError(
            f"Tables that protect people ({', '.join(sorted(night.stops))}) were missing or had shrunk on the night of "
            f"{night.as_of}, so that notices would demand from whoever must be left alone. Nothing was made. Run the "
            "night again with the right extract first; --dry-run shows what it would be."
        )


def _read_templates(wording: int) -> dict[str, bytes]:
    """Return the templates of a version by their names below `templates/`."""
    names = (*notice_files(wording), *mail_files(wording))
    missing = [name for name in names if not (TEMPLATES / name).is_file()]
    if missing:
        raise DunningError(
            f"templates/{missing[0]} is missing, and `wording` in notices.toml is {wording}. Write it, or set "
            "`wording` to a version that is there."
        )
    return {name: (TEMPLATES / name).read_bytes() for name in names}


def _lay_out(this: NoticesRun, night: Night, templates: dict[str, bytes]) -> None:
    """Write policy files, templates and known history into the run's work folder."""
    given = {this.policy_folder / name: content for name, content in night.policy.files().items()}
    given |= {this.templates / name: content for name, content in templates.items()}
    for path, content in given.items():
        write_private(path, content)
    # sealed: the later steps may run in other processes and read only what was written here
    seal_files(this.given_seal, [*night.history.write(Path(this.work)), *given])
