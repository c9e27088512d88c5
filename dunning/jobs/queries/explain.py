"""The explanation of an account's stage on a date, from that run's snapshot, policy, history."""

from datetime import date

import pyarrow as pa

from dunning.decisions.account.story import build_story, find_accounts
from dunning.documents.pages.story_page import render_story
from dunning.gateways.store import inputs
from dunning.jobs.queries.fate import fetch_fates
from dunning.jobs.queries.past_night import find_night, kept_policy, open_nights
from dunning.jobs.records.history import gather_history
from dunning.jobs.records.protections import describe_accepted
from dunning.ledger.buckets import buckets_of


def run(premise_no: str, payer_code: str | None, as_of: date) -> str:
    """Return the story of an account, or of all accounts of a premise, as Bulgarian text.

    Raises:
        DunningError: no run of that date is known, its snapshot has aged out, or no such account
            existed on it.
    """
    with open_nights("explain") as (settings, engine):
        known, snapshot = find_night(settings, engine, as_of)
        rules = kept_policy(engine, known).at(as_of)
        bucket = snapshot.read_bucket(int(buckets_of(pa.array([premise_no]))[0]))
        history = gather_history(engine, snapshot, as_of, rules, known.events_seen)
        proposed = fetch_fates(engine, as_of, premise_no)
        accepted = inputs.fetch_accepted(engine, known.run_id)
    bucket, decision, found = history.decide(bucket, as_of, rules)
    pages = []
    for account in find_accounts(bucket, premise_no, payer_code, as_of):
        story = build_story(bucket, decision, found, rules, account)
        own_proposals = [row for row in proposed if row["payer_code"] == story.payer_code]
        pages.append(render_story(story, own_proposals))
    return "\n".join([*pages, *describe_accepted(accepted)])
