"""Accounts with everything around them that a monthly notice looks at: people, places, contacts,
lines of bills.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from dunning.core.days import to_day
from dunning.core.frames import SCHEMAS, Bucket, frame_of
from dunning.core.words import CHANNELS, SERVICES
from dunning.decisions.account.assessment import assess
from dunning.decisions.account.classify import conclude
from dunning.decisions.monthly.notice_rows import Shown
from dunning.decisions.monthly.notices import propose_notices
from dunning.policy.rules import Rules
from tests.oracle.bucket import make_bucket, make_history, make_rules
from tests.oracle.facts import Policy
from tests.oracle.surroundings import HOME, PERSON, Key, Row, Surroundings


def propose(
    world: Surroundings,
    policy: Policy,
    as_of: date,
    since: date,
    service: str,
    shown_until: date | None = None,
    shown: Collection[str] = (),
) -> tuple[list[Row], list[Row]]:
    """Return the notices and the withheld rows of the columnar way, as plain rows; see
    `plain_notices`.
    """
    bucket, rules = bucket_of(world, policy), rules_of(world, policy)
    assessment = assess(
        bucket, to_day(as_of), rules, make_history(bucket, world.crowd, policy, as_of)
    )
    before = Shown(shown_until or since, pa.array(sorted(shown), pa.string()))
    tables = propose_notices(
        bucket, conclude(bucket, rules, assessment), assessment, rules, service, since, before
    )
    return tables["notices"].to_pylist(), tables["withheld"].to_pylist()


def rules_of(world: Surroundings, policy: Policy) -> Rules:
    """Return the policy's view, with this world's age of contacts."""
    rules = make_rules(policy)
    return replace(rules, notices=replace(rules.notices, card_age_days=world.card_age_days))


def bucket_of(world: Surroundings, policy: Policy) -> Bucket:
    """Return the bucket of a world."""
    bare = make_bucket(world.crowd, policy)
    premises = [world.home(no) for no in bare.premises.text("premise_no").to_pylist()]
    payers = [world.person(code) for code in bare.payers.text("payer_code").to_pylist()]
    keys = _keys(bare)
    ends = [world.tenant_until.get(keys[account]) for account in bare.tenancies["account"]]
    tables = {
        "premises": bare.premises.with_columns(
            service=np.array([SERVICES.index(row["service"]) for row in premises], np.int8),
            **{name: _texts(premises, name) for name in HOME if name != "service"},
        ),
        "payers": bare.payers.with_columns(**{name: _texts(payers, name) for name in PERSON}),
        "accounts": bare.accounts.with_columns(
            has_refused_evidence=np.array([k in world.refused for k in keys])
        ),
        "tenancies": bare.tenancies.with_columns(
            valid_until=frame_of(pa.table({"valid_until": pa.array(ends, pa.date32())}))[
                "valid_until"
            ]
        ),
        "contacts": _frame("contacts", _contacts(world, bare)),
        "invoice_lines": _frame("invoice_lines", _lines(world, keys)),
    }
    return Bucket(0, {**bare.tables, **tables})


def _keys(bucket: Bucket) -> list[Key]:
    names = (bucket.accounts.text(name).to_pylist() for name in ("premise_no", "payer_code"))
    return list(zip(*names, strict=True))


def _contacts(world: Surroundings, bucket: Bucket) -> list[Row]:
    payers = bucket.payers.text("payer_code").to_pylist()
    rows = [
        {
            "payer": payers.index(c.payer_code),
            "channel": CHANNELS.index(c.channel),
            "address": c.address,
            "registered_at": c.registered_at,
            "revoked_at": c.revoked_at,
        }
        for c in world.contacts
    ]
    return sorted(
        rows, key=lambda row: (row["payer"], row["channel"], row["registered_at"], row["address"])
    )


def _lines(world: Surroundings, keys: list[Key]) -> list[Row]:
    places = {
        i.invoice_no: keys.index((f.premise_no, f.payer_code))
        for f in world.crowd
        for i in f.invoices
    }
    rows = [{"account": places[line.invoice_no], **vars(line)} for line in world.lines]
    return sorted(rows, key=lambda row: (row["account"], row["invoice_no"], row["seq"]))


def _texts(rows: list[Row], name: str) -> pa.Array:
    return pa.array([row[name] for row in rows], pa.string())


def _frame(table: str, rows: list[Row]) -> Any:
    return frame_of(pa.Table.from_pylist(rows, SCHEMAS[table]))
