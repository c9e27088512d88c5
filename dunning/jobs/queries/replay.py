"""A night repeated from its stored snapshot: the same bytes, and nothing is recorded."""

import hashlib
from datetime import date
from pathlib import Path

from dunning.core.progress import Progress, no_progress
from dunning.gateways.extracts import settle_place
from dunning.gateways.files.publishing import MANIFEST, remove_folders
from dunning.gateways.postgres.database import run_lock
from dunning.gateways.s3.object_store import SCHEME
from dunning.gateways.settings.environment import Settings, refuse_url
from dunning.gateways.store import open_store
from dunning.jobs.nightly import report
from dunning.jobs.nightly.extract_warnings import find_warnings, is_stale
from dunning.jobs.nightly.load import lay_out, load_checked_policy
from dunning.jobs.nightly.night import check_shards, make_files
from dunning.jobs.nightly.output_places import find_place
from dunning.jobs.nightly.runs import NightlyRun, new_work_folder
from dunning.jobs.queries.past_night import Night, open_night
from dunning.jobs.receipts import NightReport, PublishedFiles
from dunning.jobs.recovery import recover, sweep
from dunning.policy.warnings import find_doubts

_SAME = "Повторено от запазеното извлечение: същите байтове като на онази нощ."
_OTHER = (
    "Повторено от запазеното извлечение, но с други байтове: програмата, или изпратеното преди тази дата, вече са "
    "други. Това не са файловете на онази нощ."
)
_WHAT_IF = "Повторено от запазеното извлечение с други правила: това не са файловете на онази нощ."


def run(
    as_of: date,
    out: str,
    policy: str | None = None,
    shards: int = 1,
    progress: Progress = no_progress,
) -> NightReport:
    """Write the files of a date again below `out`.

    Returns the report's receipt, with `is_same`.

    Files that differ from those of that night go into a folder beside its own; see
    `find_place`.

    Ledger and policy are those of the run of that date; a folder of policy files
    changes that. Nothing is recorded, not even that it was run.

    Raises:
        DunningError: no run of that date is known, or its snapshot has aged out or was harmed.
    """
    check_shards(shards)
    refuse_url(out, "--out", (SCHEME,))
    refuse_url(policy or "", "--policy")
    settings, purpose = Settings.from_environment(), f"replay {as_of}"
    engine = open_store(settings, purpose)
    # The run lock keeps a nightly run from clearing the work folder meanwhile.
    with run_lock(engine, purpose) as connection:
        recover(connection)
        # First finish or clear what an interrupted run has left, as every run does.
        sweep(settings, connection)
        own = load_checked_policy(Path(policy).absolute()) if policy else None
        night = open_night(settings, connection, as_of, own)
        this = _begin(settings, night, settle_place(out))
        try:
            make_files(this.to_receipt(), shards, progress)
            is_same = _is_same(this, night)
            place = find_place(this, night.known)
            place.target.publish(this.prepared)
            published: PublishedFiles = {"folder": str(place.target), "notice": place.notice}
            receipt = report.run(this.to_receipt(), published)
        finally:
            remove_folders([Path(this.work)])
    verdict = _SAME if is_same else _WHAT_IF if policy else _OTHER
    return {**receipt, "is_same": is_same, "text": f"{receipt['text']}\n{verdict}"}


def _begin(settings: Settings, night: Night, out: str) -> NightlyRun:
    """Prepare a work folder under the number of that run.

    That run is over, so the next run clears away whatever is left in the folder.
    """
    info, rules = night.snapshot.info, night.rules
    too_old = info["as_of"] is None and is_stale(night.newest_paid_on, night.as_of, rules.loading)
    warnings = find_warnings(
        night.snapshot, night.as_of, night.newest_paid_on, too_old, night.protections
    )
    this = NightlyRun(
        run_id=night.known.run_id,
        as_of=night.as_of,
        out=out,
        work=str(new_work_folder(settings, night.as_of, night.known.run_id)),
        snapshot=str(night.snapshot.folder),
        fingerprint=night.snapshot.fingerprint,
        policy_version=rules.version,
        is_recording=False,
        closed_on=None,
        newest_paid_on=night.newest_paid_on,
        stops=night.stops,
        accepted_shrunk=night.protections.accepted,
        events_seen=night.known.events_seen,
        warnings=warnings + find_doubts(night.policy, night.as_of),
    )
    lay_out(this, night.policy, night.history, night.baseline)
    return this


def _is_same(this: NightlyRun, night: Night) -> bool:
    """Return whether the manifest is the one that the night published.

    The manifest has the SHA-256 of every file.
    """
    return (
        hashlib.sha256((this.prepared / MANIFEST).read_bytes()).hexdigest()
        == night.known.manifest_sha256
    )
