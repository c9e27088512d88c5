"""Subject and text of each reminder and last warning, from the department's templates.

A template is `templates/<channel>/<stage>.v<version>.<language>.txt`; of e-mails and letters the
first line is the subject. Templates choose words, never sums or dates: whatever they print is made
here. What has once been sent is frozen; new wording is a new version, named in `VERSIONS`. An SMS
that takes more parts than the policy allows is written anew with a higher `brevity`: its template
leaves out a clause more each time, never a part of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dunning.core.days import NEVER, to_day
from dunning.core.formats import NBSP, format_days, format_minor_column
from dunning.core.frames import frame_of
from dunning.core.lists import PRINCIPAL
from dunning.core.words import LANGUAGES
from dunning.documents.messages.sms import count_parts_column
from dunning.documents.messages.transliteration import write_plainly
from dunning.documents.words import TEMPLATES
from dunning.policy.rules import Profile, Supplier

VERSIONS = {"overdue": 2, "final_warning": 2}
_FOLDERS = {"sms": "sms", "email": "email", "post": "letter"}
# Within eleven months a date without its year cannot be mistaken.
_NEAR_DAYS = 330
_BREVITY_MAX = (
    3  # what the templates know: without the due date, without the phone, without the supplier
)


@dataclass(frozen=True)
class Letterhead:
    """Facts that all messages of a night share.

    paid_until: newest payment that the ledger knew; None where it knew none. profile: who is paid,
    and where. is_latin: Bulgarian SMS in Latin letters, one part instead of two. sms_parts_max: to
    how many parts an SMS is shortened.
    """

    as_of: date
    supplier: Supplier
    paid_until: date | None
    profile: Profile
    is_latin: bool = False
    sms_parts_max: int = 2
    templates: Path = TEMPLATES


def write_messages(reminders: pa.Table, head: Letterhead) -> pa.Table:
    """Return `reminders` (the proposals' columns) with `subject`, `text` and, for SMS, `segments`.

    `segments` is the number of parts.

    An SMS has no subject, no name and no identifier: of the premise number the last four
    characters.
    """
    subjects: list[str | None] = [None] * len(reminders)
    texts: list[str | None] = [None] * len(reminders)
    for channel, stage, language, rows in _groups(reminders):
        template = _template(head.templates, channel, stage, language)
        some = reminders.take(pa.array(rows))
        if channel == "sms":
            for row, message in zip(
                rows.tolist(), _write_sms(template, some, head, language), strict=True
            ):
                texts[row] = message
            continue
        for row, facts in zip(rows.tolist(), _facts(some, head, language, channel), strict=True):
            subjects[row], _, text = template.render(facts).strip().partition("\n")
            texts[row] = text.lstrip("\n")
    written = pa.array(texts, pa.string())
    return (
        reminders.append_column("subject", pa.array(subjects, pa.string()))
        .append_column("text", written)
        .append_column("segments", _segments(reminders, written))
    )


def _write_sms(template: Template, rows: pa.Table, head: Letterhead, language: str) -> list[str]:
    """Return the text of each SMS, shortened to the allowed number of parts where necessary."""
    facts = list(_facts(rows, head, language, "sms"))
    texts = [_shorten(template, each, head, 0) for each in facts]
    # Shorten only what is still too long, one more clause per round.
    for brevity in range(1, _BREVITY_MAX + 1):
        too_long = np.flatnonzero(
            count_parts_column(pa.array(texts, pa.string())) > head.sms_parts_max
        )
        for row in too_long.tolist():
            texts[row] = _shorten(template, facts[row], head, brevity)
    return texts


def _shorten(template: Template, facts: dict[str, object], head: Letterhead, brevity: int) -> str:
    text = template.render(facts, brevity=brevity).strip()
    return write_plainly(text) if head.is_latin else text


def _segments(reminders: pa.Table, texts: pa.Array) -> pa.Array:
    is_sms = pc.fill_null(pc.equal(reminders["channel"].combine_chunks(), "sms"), False)
    parts = np.ones(len(reminders), np.int32)
    rows = np.flatnonzero(is_sms.to_numpy(zero_copy_only=False))
    parts[rows] = count_parts_column(texts.take(pa.array(rows)))
    return pc.if_else(is_sms, pa.array(parts), pa.scalar(None, pa.int32()))


def _groups(reminders: pa.Table) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Yield (channel, stage, language, rows) of the messages with the same template."""
    keys = [
        reminders[name].combine_chunks().dictionary_encode()
        for name in ("channel", "stage", "language")
    ]
    words = [key.dictionary.to_pylist() for key in keys]
    codes = [key.indices.to_numpy(zero_copy_only=False).astype(np.int64) for key in keys]
    sizes = [len(word) for word in words]
    if not len(reminders):
        return
    # Three codes as one number, so that equal combinations are found by one `unique`:
    #   (channel 1, stage 0, language 1) of sizes (3, 2, 2)  ->  1 * 4 + 0 * 2 + 1 = 5
    mixed = np.ravel_multi_index(codes, sizes)
    for group in np.unique(mixed):
        places = np.unravel_index(group, sizes)
        channel, stage, language = (word[place] for word, place in zip(words, places, strict=True))
        yield (
            channel,
            stage,
            language if language in LANGUAGES else LANGUAGES[0],
            np.flatnonzero(mixed == group),
        )


def open_templates(folder: Path) -> Environment:
    """Return a Jinja environment for plain texts; an unknown name in a template is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=64)
def _template(templates: Path, channel: str, stage: str, language: str) -> Template:
    return open_templates(templates).get_template(
        f"{_FOLDERS[channel]}/{stage}.v{VERSIONS[stage]}.{language}.txt"
    )


def _facts(
    rows: pa.Table, head: Letterhead, language: str, channel: str
) -> Iterator[dict[str, object]]:
    """Yield the facts for the template, one dictionary per message."""
    # An SMS may be in Latin letters although its language is Bulgarian.
    is_plain = head.is_latin or language != "bg"
    names = head.supplier.service_names_latin if is_plain else head.supplier.service_names
    if channel != "sms":
        names = (
            head.supplier.service_names_latin if language != "bg" else head.supplier.service_names
        )
    constant = {
        "phone": head.supplier.phone,
        "as_of": f"{head.as_of:%d.%m.%Y}",
        "paid_until": f"{head.paid_until:%d.%m.%Y}" if head.paid_until else None,
        "payee": _payee(head.profile, language),
    }
    columns = _columns(rows, head, language, channel)
    fee = _money(pa.array([head.supplier.reconnection_fee_cents]), language, channel)[0].as_py()
    for values in zip(*columns.values(), strict=True):
        facts = dict(zip(columns, values, strict=True))
        service = facts["service"]
        facts |= constant
        facts["supplier"] = names[service]
        facts["is_heat"] = service == "heat"
        facts["reconnection_fee"] = (
            fee if facts["may_be_cut"] and head.supplier.reconnection_fee_cents else None
        )
        yield facts


def _payee(profile: Profile, language: str) -> dict[str, str]:
    """Return the payee's name and account in a language."""
    is_bulgarian = language == "bg"
    return {
        "name": profile.name if is_bulgarian else profile.name_latin,
        "iban": profile.iban,
        "bic": profile.bic,
        "bank": profile.bank if is_bulgarian else profile.bank_latin,
    }


def _columns(rows: pa.Table, head: Letterhead, language: str, channel: str) -> dict[str, list]:
    frame = frame_of(rows)
    until, oldest = frame["answer_until"], frame["oldest_due_on"]
    has_period = pa.array((frame["period_from"] < NEVER) & (frame["period_to"] < NEVER))
    nothing = pa.scalar(None, pa.string())
    expired = _money(rows["expired_cents"], language, channel)
    columns = {
        "service": rows["service"],
        "may_be_cut": rows["may_be_cut"],
        "remittance": pc.binary_join_element_wise(
            "AB", rows["premise_no"], "KP", rows["payer_code"], " "
        ),
        "premise_no": rows["premise_no"],
        "payer_code": rows["payer_code"],
        "number_tail": pc.utf8_slice_codeunits(rows["premise_no"], -4),
        "name": rows["name"],
        "address": rows["address"],
        "amount": _money(rows[PRINCIPAL], language, channel),
        "items": rows["items"],
        "is_several": pc.greater(rows["items"], 1),
        "oldest_due": format_days(oldest, "%d.%m.%Y"),
        "oldest_due_short": _short(oldest, head.as_of),
        "answer_until": format_days(until, "%d.%m.%Y"),
        "answer_until_short": _short(until, head.as_of),
        "period_from": pc.if_else(
            has_period, format_days(frame["period_from"], "%d.%m.%Y"), nothing
        ),
        "period_to": pc.if_else(has_period, format_days(frame["period_to"], "%d.%m.%Y"), nothing),
        "expired": pc.if_else(
            pc.greater(rows["expired_cents"].combine_chunks(), 0), expired, nothing
        ),
    }
    return {name: column.to_pylist() for name, column in columns.items()}


def _short(days: np.ndarray, as_of: date) -> pa.Array:
    """Return days as "15.10.", or as "15.10.2025." if they are not near."""
    is_near = pa.array(np.abs(days.astype(np.int64) - to_day(as_of)) < _NEAR_DAYS)
    return pc.if_else(is_near, format_days(days, "%d.%m."), format_days(days, "%d.%m.%Y."))


def _money(cents: pa.Array | pa.ChunkedArray, language: str, channel: str) -> pa.Array:
    """Return sums in a language's format; in an SMS with a plain space between thousands."""
    values = (
        cents.to_numpy()
        if isinstance(cents, pa.ChunkedArray)
        else cents.to_numpy(zero_copy_only=False)
    )
    # The no-break space is no GSM character: it would turn the whole SMS into UCS-2.
    texts = format_minor_column(values, " " if channel == "sms" else NBSP)
    return texts if language == "bg" else pc.replace_substring(texts, ",", ".")
