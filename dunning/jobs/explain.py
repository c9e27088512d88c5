"""Tell everything behind one account's stage on a date, from the snapshot, policy and history of that date's run."""

from datetime import date

import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.decisions.decide import decide_with_deeds
from dunning.decisions.reasons import REASONS, WHY_NOT
from dunning.decisions.story import find_accounts, tell_story
from dunning.documents.story_page import render_story
from dunning.gateways.ledger.buckets import buckets_of
from dunning.gateways.settings import Settings
from dunning.gateways.snapshot_places import open_kept
from dunning.gateways.store import open_store, policies, proposals, runs
from dunning.jobs.history import deeds_of_bucket, gather_deeds
from dunning.policy.policies import read_policy


def run(premise_no: str, payer_code: str | None, as_of: date) -> str:
    """Return the story of an account, or of all accounts of a premise, as Bulgarian text.

    Raises:
        DunningError: no run of that date is known, or no such account existed on it.
    """
    settings = Settings.from_environment()
    engine = open_store(settings, "explain")
    known = runs.fetch_run(engine, as_of)
    if known is None or known.snapshot_name is None:
        raise DunningError(
            f"No run of {as_of} is known here, so there is nothing to explain. "
            f"Run `dunning nightly --as-of {as_of}` first."
        )
    rules = read_policy(policies.fetch_policy_files(engine, known.run_id)).at(as_of)
    kept = settings.snapshots / known.snapshot_name
    snapshot = open_kept(kept, settings.snapshots, settings.snapshot_store)
    bucket = snapshot.read_bucket(int(buckets_of(pa.array([premise_no]))[0]))
    deeds = deeds_of_bucket(gather_deeds(engine, snapshot, rules), bucket.index)
    decision, found = decide_with_deeds(bucket, rules, deeds)
    proposed = proposals.fetch_account_proposals(engine, as_of, premise_no)
    pages = []
    for account in find_accounts(bucket, premise_no, payer_code, as_of):
        story = tell_story(bucket, decision, found, rules, account)
        own_proposals = [row for row in proposed if row["payer_code"] == story.payer_code]
        pages.append(render_story(story, own_proposals, REASONS, WHY_NOT))
    return "\n".join(pages)
