"""Monthly notices: accounts that get one, channel and address, and all its contents."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Cents, Codes, Places
from dunning.core.days import to_date, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import LAST_WARNING
from dunning.core.words import CHANNELS, LANGUAGES, SERVICES, STAGES, code
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.frames import Decision
from dunning.decisions.lists.contact_points import EMAIL, POST
from dunning.decisions.lists.letters import PostalAddress, find_letter_boxes, locate_premises
from dunning.decisions.lists.proposals import (
    Proposed,
    first_reason,
    join_account,
    to_arrays,
)
from dunning.decisions.lists.withheld import withhold_accounts
from dunning.decisions.monthly.contact_cards import Card, ask_for_contacts
from dunning.decisions.monthly.document_states import find_document_states
from dunning.decisions.monthly.notice_rows import (
    ITEMS,
    LINES,
    PENDING,
    PERIODS,
    Shown,
    find_documents,
    list_items,
    list_lines,
    list_pending,
    list_periods,
)
from dunning.decisions.monthly.notice_sums import (
    last_warnings,
    next_instalments,
    sum_debts,
    sum_documents,
    sum_payments,
)
from dunning.decisions.segments import index_rows
from dunning.decisions.tables import word_column
from dunning.policy.rules import Rules

_text = pa.string()
_day = pa.date32()
_cents = pa.int64()
_count = pa.int32()
_flag = pa.bool_()

# One notice: one account. email: null for post. street, town: the postal recipient, also of an
# e-mail; null where there is none. district to postal_key: of the premise, in the order of
# delivery. period_*, due_on: of the new documents. total_cents: to pay, due or not yet; overdue_*,
# oldest_due_on, interest_cents, periods, items: what is demanded; total, expired, held and plan are
# all that is open; the total is the sum of items, pending, and new documents with the standing
# to_pay. warned_*, answer_until: of the last warning, where one counts.
NOTICES = pa.schema(
    {
        "reference": _text,
        "premise_no": _text,
        "payer_code": _text,
        "service": _text,
        "channel": _text,
        "language": _text,
        "stage": _text,
        "email": _text,
        "name": _text,
        "street": _text,
        "town": _text,
        "service_street": _text,
        "service_town": _text,
        "district": _text,
        "route": _text,
        "postal_key": _text,
        "period_from": _day,
        "period_to": _day,
        "due_on": _day,
        "new_items": _count,
        "total_cents": _cents,
        "overdue_cents": _cents,
        "overdue_items": _count,
        "oldest_due_on": _day,
        "interest_cents": _cents,
        "periods": PERIODS,
        "expired_cents": _cents,
        "expired_items": _count,
        "held_cents": _cents,
        "plan_cents": _cents,
        "instalment_cents": _cents,
        "instalment_on": _day,
        "agreement_no": _text,
        "paid_cents": _cents,
        "credit_cents": _cents,
        "warned_on": _day,
        "answer_until": _day,
        "warned_cents": _cents,
        "needs_card": _flag,
        "phone": _text,
        "known_email": _text,
        "lines": LINES,
        "items": ITEMS,
        "pending": PENDING,
    }
)
# Codes that differ only in leading zeros have one postal key; the numbers themselves then decide.
POSTAL_ORDER = ("postal_key", "premise_no", "payer_code")


def propose_notices(
    bucket: Bucket,
    decision: Decision,
    assessment: Assessment,
    rules: Rules,
    service: str,
    since: date,
    shown: Shown | None = None,
) -> Proposed:
    """Return the tables `notices` (NOTICES, in postal order) and `withheld` of one bucket.

    A notice goes to every account of the service with a new document, issued up to `as_of` and not
    shown before, or with anything open; by e-mail where the payer has a usable address for it, else
    by post. It contains this account only. A row is withheld as `refused_evidence` or
    `no_address`, the first that applies.

    Args:
        bucket: with `invoice_lines`, which no other list reads.
        since: the day of the group's last run; payments after it are shown.
        shown: what is not new; None: what was issued up to `since`.

    Source: issue 4; Топлофикация София, 11.02.2016; ЧЕЗ, electronic invoice, 2011.
    """
    asked = _accounts_of(bucket, decision, service)
    documents = find_documents(bucket, asked, shown or Shown(since), decision.as_of)
    # Standings first: the sums and the lines below read them.
    documents = find_document_states(bucket, decision, documents)
    accounts = _choose(bucket, decision, asked, documents)
    boxes = find_letter_boxes(bucket, accounts, decision.as_of)
    card = ask_for_contacts(bucket, accounts, assessment.history, rules, decision.as_of)
    debts = sum_debts(bucket, decision, accounts)
    stages = word_column(STAGES, _stages(bucket, decision, accounts))
    columns = {
        **_address(bucket, decision.as_of, accounts, boxes, card),
        **sum_documents(documents, accounts, len(bucket.accounts)).columns,
        **debts.columns,
        **_money_columns(bucket, decision, assessment, accounts, rules, to_day(since)),
        "stage": stages,
        "periods": list_periods(bucket, decision, accounts),
        "lines": list_lines(bucket, documents, accounts),
        "items": list_items(bucket, decision, accounts),
        "pending": list_pending(bucket, decision, documents, accounts),
    }
    # Every account has a row by now; those with a reason against it are withheld.
    reasons = _withhold_for(bucket, accounts, boxes, card)
    table = pa.Table.from_arrays(to_arrays(NOTICES, columns), schema=NOTICES)
    listed = table.filter(pc.is_null(reasons))
    return {
        "notices": listed.sort_by([(name, "ascending") for name in POSTAL_ORDER]),
        "withheld": _withhold(bucket, accounts, stages, debts["overdue_cents"], reasons),
    }


def _withhold(
    bucket: Bucket, accounts: Places, stages: pa.Array, overdue_cents: Cents, reasons: pa.Array
) -> pa.Table:
    """Return the rows withheld: the accounts with a reason."""
    is_held = pc.is_valid(reasons)
    rows = np.flatnonzero(is_held.to_numpy(zero_copy_only=False))
    return withhold_accounts(
        bucket,
        "notices",
        accounts[rows],
        stages.filter(is_held),
        overdue_cents[rows],
        reasons.filter(is_held),
    )


def _accounts_of(bucket: Bucket, decision: Decision, service: str) -> Places:
    """Return the accounts (places, ascending) of a service that exist on `as_of`."""
    accounts = decision.accounts["account"].astype(np.int64)
    return accounts[
        bucket.premises["service"][bucket.accounts["premise"][accounts]] == code(SERVICES, service)
    ]


def _choose(bucket: Bucket, decision: Decision, asked: Places, documents: Frame) -> Places:
    """Return the accounts, of those asked for, with a new document or anything open."""
    has_news = np.zeros(len(bucket.accounts), np.bool_)
    has_news[documents["account"]] = True
    has_news[decision.open_items["account"]] = True
    return asked[has_news[asked]]


def _stages(bucket: Bucket, decision: Decision, accounts: Places) -> Codes:
    return decision.accounts["stage"][
        index_rows(decision.accounts["account"], len(bucket.accounts))[accounts]
    ]


def _withhold_for(bucket: Bucket, accounts: Places, boxes: PostalAddress, card: Card) -> pa.Array:
    unreachable = pc.and_(pc.is_null(card.email), pc.is_null(boxes.street))
    failures = {
        "refused_evidence": bucket.accounts["has_refused_evidence"][accounts],
        "no_address": unreachable.to_numpy(zero_copy_only=False),
    }
    return first_reason(failures, len(accounts))


def _address(
    bucket: Bucket, as_of: int, accounts: Places, boxes: PostalAddress, card: Card
) -> dict[str, npt.NDArray | pa.Array]:
    """Return the columns of recipient, address and order of delivery of each notice."""
    of = bucket.accounts.take(accounts)
    payers = bucket.payers.take(of["payer"])
    premises = bucket.premises.take(of["premise"])
    by_email = pc.is_valid(card.email)
    home = locate_premises(bucket, accounts)
    language = pc.fill_null(payers.text("language"), LANGUAGES[0])
    return {
        "reference": join_account(_prefix(by_email, as_of), of),
        "premise_no": of.text("premise_no"),
        "payer_code": of.text("payer_code"),
        "service": word_column(SERVICES, premises["service"]),
        "channel": pc.if_else(by_email, CHANNELS[EMAIL], CHANNELS[POST]),
        "language": pc.if_else(pc.equal(language, ""), LANGUAGES[0], language),
        "email": card.email,
        "name": payers.text("name"),
        "street": boxes.street,
        "town": boxes.town,
        "service_street": home.street,
        "service_town": home.town,
        "district": premises.text("district"),
        "route": premises.text("route"),
        "postal_key": postal_keys(premises, of),
        "needs_card": card.is_needed,
        "phone": card.phone,
        "known_email": card.email,
    }


def _prefix(by_email: pa.Array, as_of: int) -> pa.Array:
    """Return the beginning of each reference: the day, N (notice), and E or P (channel)."""
    day = to_date(as_of)
    email, post = (f"{day:%Y%m%d}-N{letter}" for letter in ("E", "P"))
    return pc.if_else(by_email, email, post)


def postal_keys(premises: Frame, accounts: Frame) -> pa.Array:
    """Return the sort key of notices in order of delivery.

    By district, route, town, street and number, then by account.

    Every run of digits is filled up to six, so that бл. 2 comes before бл. 10; what is missing
    comes first.

    >>> texts = {"district": None, "route": "7", "postcode": "1000", "settlement": "София", "address": "бл. 10"}
    >>> premises = Frame({name: pa.array([text], pa.string()) for name, text in texts.items()})
    >>> accounts = Frame({"premise_no": pa.array(["0012345678"]), "payer_code": pa.array(["9"])})
    >>> postal_keys(premises, accounts)[0].as_py().split("\\x00")
    ['', '000007', '001000', 'София', 'бл. 000010', '0012345678', '000009']
    """
    parts = [
        premises.text(name) for name in ("district", "route", "postcode", "settlement", "address")
    ]
    parts += [accounts.text(name) for name in ("premise_no", "payer_code")]
    key = pc.binary_join_element_wise(*parts, "\x00", null_handling="replace", null_replacement="")
    # Five zeros before every run of digits, then those away that it does not need.
    widened = pc.replace_substring_regex(key, r"([0-9]+)", r"00000\1")
    return pc.replace_substring_regex(widened, r"0{0,5}([0-9]{6,})", r"\1")


def _money_columns(
    bucket: Bucket,
    decision: Decision,
    assessment: Assessment,
    accounts: Places,
    rules: Rules,
    since: int,
) -> dict[str, npt.NDArray | pa.Array]:
    """Return the columns of payments, credit, instalment and last warning."""
    row = index_rows(decision.accounts["account"], len(bucket.accounts))[accounts]
    may_be_warned = decision.accounts["stage"][row] >= code(STAGES, LAST_WARNING)
    may_be_warned &= ~decision.accounts["has_kept_agreement"][row]
    return {
        "paid_cents": sum_payments(bucket, accounts, since, decision.as_of),
        "credit_cents": decision.accounts["credit_cents"][row],
        **next_instalments(bucket, assessment, accounts).columns,
        **last_warnings(
            bucket, decision, assessment.history, rules, accounts[may_be_warned], accounts
        ).columns,
    }
