"""A past night, opened again: its run, snapshot and policy, and the history that it knew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from dunning.core.errors import DunningError
from dunning.core.frames import Bucket
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.compare.account_state import ComparedNight, summarize_accounts
from dunning.decisions.frames import Decision
from dunning.decisions.lists.missing_protections import stop_lists
from dunning.decisions.lists.one_message import silence_listed
from dunning.decisions.lists.proposals import Proposed
from dunning.decisions.lists.volume_limits import withhold_handed_over
from dunning.gateways.postgres.database import READER, Engine, Source
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import open_kept
from dunning.gateways.store import inputs, open_store, runs
from dunning.gateways.store.readers import reading
from dunning.jobs.nightly.classify import propose
from dunning.jobs.records.baseline import Baseline, gather_baseline
from dunning.jobs.records.history import History, gather_history
from dunning.jobs.records.protections import Protections, judge_protections
from dunning.policy.policies import Policy, read_policy
from dunning.policy.rules import Rules


@dataclass(frozen=True)
class Night:
    """A stored night, under its own policy or another one.

    as_of: the day for which it is decided: that of the run, or, on a last look, a later one.
    known: the run of its date. history: what it knew of earlier nights. protections:
    what of the ledger protects people, against the night before. baseline: what it is compared with.
    newest_paid_on: newest payment of the ledger up to the date.
    """

    as_of: date
    known: runs.RecordedRun
    snapshot: Snapshot
    policy: Policy
    rules: Rules
    history: History
    protections: Protections
    baseline: Baseline
    newest_paid_on: date | None

    @property
    def stops(self) -> dict[str, str]:
        """Reason per guarded table or column for which all lists are withheld."""
        return self.protections.stops

    def summarize_accounts(self, bucket: Bucket) -> ComparedNight:
        """Return the state of each account of a bucket of its snapshot, decided again."""
        bucket, decision, assessment = self.history.decide(bucket, self.as_of, self.rules)
        proposed = self.propose(bucket, decision, assessment)
        return summarize_accounts(bucket, decision, assessment, proposed)

    def propose(self, bucket: Bucket, decision: Decision, assessment: Assessment) -> Proposed:
        """Return all proposals for a bucket, before the volume limits.

        The volume limits need the proposals of all buckets.
        """
        proposed = propose(bucket, decision, assessment, self.rules, self.newest_paid_on)
        # In the order of the night itself: stop lists, drop what was done, drop repeated messages.
        for reason in self.stops.values():
            proposed = stop_lists(proposed, reason)
        known, as_of = self.history, self.as_of
        proposed = withhold_handed_over(proposed, known.handed_over, as_of, self.rules.release)
        return silence_listed(proposed, known.handed_over, known.silences, as_of, self.rules)


@contextmanager
def open_nights(purpose: str) -> Iterator[tuple[Settings, Engine]]:
    """Yield settings and store for reading stored nights.

    No snapshot is removed inside the `with` block.
    """
    settings = Settings.from_environment()
    engine = open_store(settings, purpose, READER)
    with reading(engine):
        yield settings, engine


def find_night(
    settings: Settings, source: Source, as_of: date
) -> tuple[runs.RecordedRun, Snapshot]:
    """Return the run of a date, and its snapshot.

    Raises:
        DunningError: no run of that date is known, or its snapshot is not kept any more.
    """
    known = runs.fetch_run(source, as_of)
    if known is None or known.snapshot_name is None:
        raise DunningError(
            f"No run of {as_of} is known here, so there is nothing to look at. "
            f"Run `dunning nightly --ledger DIR --as-of {as_of}` first, with the extract of that day."
        )
    folder = settings.snapshots / known.snapshot_name
    if not folder.is_dir() and settings.snapshot_store is None:
        raise DunningError(
            f"The snapshot of {as_of} ({known.snapshot_name[:12]}) is not kept any more: see `dunning snapshots` and "
            "retention.toml. What was decided, sent and why on that night is still in the store, but it cannot be "
            f"decided again from here. Run `dunning nightly --ledger DIR --as-of {as_of}` with that day's extract: "
            "the same extract gives the same snapshot and the same bytes, and records nothing twice."
        )
    return known, open_kept(folder, settings.snapshots, settings.snapshot_store)


def kept_policy(source: Source, known: runs.RecordedRun) -> Policy:
    """Return the policy of a run."""
    return read_policy(inputs.fetch_policy_files(source, known.run_id))


def open_night(
    settings: Settings, source: Source, as_of: date, policy: Policy | None = None
) -> Night:
    """Return a stored night, with verified snapshot, under its own policy or a given one.

    Raises:
        DunningError: no run of that date is known, its snapshot is not kept any more, or was
            harmed.
    """
    known, snapshot = find_night(settings, source, as_of)
    snapshot.verify()
    policy = policy or kept_policy(source, known)
    rules = policy.at(as_of)
    accepted = inputs.fetch_accepted(source, known.run_id)
    return Night(
        as_of,
        known,
        snapshot,
        policy,
        rules,
        gather_history(source, snapshot, as_of, rules, known.events_seen),
        judge_protections(source, snapshot, as_of, rules.loading, accepted),
        gather_baseline(source, snapshot, as_of, rules.release),
        snapshot.newest_paid_on(as_of),
    )
