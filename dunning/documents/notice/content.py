"""Printed texts of many notices of one language and service: sums, days and sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import frame_of
from dunning.documents.notice import layout
from dunning.documents.notice.bill_rows import BillRows, write_bills
from dunning.documents.notice.codes import payment_tail
from dunning.documents.notice.figures import Figures, cents_of, clean, offsets_of
from dunning.documents.notice.flow import Shape
from dunning.documents.notice.layout import Lines
from dunning.documents.notice.run_constants import Press, write_day
from dunning.documents.notice.wording import Wording
from dunning.documents.notice.wrapping import Fitted, fit, wrap
from dunning.documents.words import word_of

_TEXTS = (
    "premise_no",
    "payer_code",
    "name",
    "street",
    "town",
    "service_street",
    "service_town",
    "agreement_no",
)
# A paragraph that is longer than a page has room goes on as another one.
_NOTE_LINES_MAX = 40
# More periods than these are listed in the table of invoices only.
_PERIODS_MAX = 60


@dataclass
class Content:
    """The printed texts of `count` notices, by the field names of the layout.

    values: one line each. lines: several, None where the block is not printed. notes: any number of
    paragraphs.
    bills, items: the rows of the two tables. tails: the payment code's text from the sum on; empty
    where nothing is to pay. needs_card: whether the card of contact data follows. card: its
    contents, by name.
    """

    count: int
    wording: Wording
    values: dict[str, list[str]]
    lines: dict[str, list[Fitted | None]]
    notes: list[list[Fitted]]
    bills: BillRows
    items: BillRows
    tails: list[str]
    needs_card: list[bool]
    card: dict[str, list[str]]

    def shape(self, n: int) -> Shape:
        """Return the number of lines and rows of notice n, which decides its page breaks."""
        warning, overdue = self.lines["warning"][n], self.lines["overdue"][n]
        return (
            len(warning.lines) if warning else 0,
            self.bills.at[n + 1] - self.bills.at[n],
            len(overdue.lines) if overdue else 0,
            self.items.at[n + 1] - self.items.at[n],
            tuple(len(note.lines) for note in self.notes[n]),
        )


def write_contents(notices: pa.Table, press: Press, language: str, service: str) -> Content:
    """Return the printed texts of all notices of one language and service."""
    return _ContentWriter(notices, press, language, press.open_wording(language, service)).write()


class _ContentWriter:
    """Build the texts of one table of notices."""

    def __init__(self, notices: pa.Table, press: Press, language: str, wording: Wording) -> None:
        self.notices, self.press, self.language, self.wording = notices, press, language, wording
        self.figures = Figures(language)
        self.texts = {name: clean(notices[name]).to_pylist() for name in _TEXTS}

    def write(self) -> Content:
        """Return all texts: each is made for all notices at once, a notice is its place in them."""
        values, bills = self._values(), write_bills(self.notices, self.figures, self.wording)
        count = len(self.notices)
        return Content(
            count=count,
            wording=self.wording,
            values=values,
            lines={
                "recipient": self._recipients(),
                "service_address": self._service_addresses(),
                "warning": self._warnings(values["warning_amount"]),
                "overdue": self._overdue(values["overdue_amount"]),
            },
            notes=self._notes(),
            bills=bills,
            items=self._items(),
            tails=self._tails(values["remittance"]),
            needs_card=self.notices["needs_card"].to_pylist(),
            card=self._card(),
        )

    def money(self, name: str) -> list[str]:
        """Return a column of cents as texts."""
        return self.figures.euro(self.notices[name].to_numpy())

    def days(self, name: str) -> list[str | None]:
        """Return a column of days as texts; None where there is no day."""
        return self.figures.days(frame_of(self.notices.select([name]))[name])

    def _values(self) -> dict[str, list[str]]:
        codes = zip(self.texts["premise_no"], self.texts["payer_code"], strict=True)
        frame = frame_of(self.notices.select(["period_from", "period_to"]))
        period = self.figures.periods(frame["period_from"], frame["period_to"])
        return {
            "premise_no": self.texts["premise_no"],
            "payer_code": self.texts["payer_code"],
            "date": [write_day(self.press.as_of, self.language)] * len(self.notices),
            "period": [text or "—" for text in period],
            "due": [text or "—" for text in self.days("due_on")],
            "total": self.money("total_cents"),
            "warning_amount": self.money("warned_cents"),
            "overdue_amount": self.money("overdue_cents"),
            "remittance": [f"AB {premise} KP {payer}" for premise, payer in codes],
            "reference": clean(self.notices["reference"]).to_pylist(),
        }

    def _recipients(self) -> list[Fitted | None]:
        part = _part(layout.ADDRESSEE, "recipient")
        return [
            fit(pieces, part.style, part.width, part.most)
            for pieces in zip(
                *(_filled(self.texts[name]) for name in ("name", "street", "town")), strict=True
            )
        ]

    def _service_addresses(self) -> list[Fitted | None]:
        part = _part(layout.SUBJECT, "service_address")
        addresses = zip(self.texts["service_street"], self.texts["service_town"], strict=True)
        return [
            fit((", ".join(piece for piece in pieces if piece),), part.style, part.width, part.most)
            for pieces in addresses
        ]

    def _warnings(self, amounts: list[str]) -> list[Fitted | None]:
        part = _part(layout.WARNING, "warning")
        write_sentence = self.wording.block_writer("warning")
        write_past = self.wording.block_writer("warning_past")
        made: list[Fitted | None] = [None] * len(amounts)
        until, warned = self.days("answer_until"), self.days("warned_on")
        last = self.notices["answer_until"].to_pylist()
        # Only notices with a warned sum are visited: most have none.
        for n in np.flatnonzero(self.notices["warned_cents"].to_numpy() > 0).tolist():
            facts = {"amount": amounts[n], "answer_until": until[n], "warned_on": warned[n]}
            # The date to answer by may have passed when the notice is printed.
            text = (write_past if last[n] < self.press.as_of else write_sentence)(facts)
            made[n] = Fitted(tuple(wrap(text, False, part.style.size, part.width)), part.style.size)
        return made

    def _overdue(self, amounts: list[str]) -> list[Fitted | None]:
        part = _part(layout.OVERDUE, "overdue")
        write_sentence = self.wording.block_writer("overdue")
        made: list[Fitted | None] = [None] * len(amounts)
        paid_until = (
            write_day(self.press.paid_until, self.language) if self.press.paid_until else None
        )
        periods, interest = self._period_lists(), self.money("interest_cents")
        items = self.notices["overdue_items"].to_pylist()
        bears = self.notices["interest_cents"].to_numpy() > 0
        for n in np.flatnonzero(self.notices["overdue_cents"].to_numpy() > 0).tolist():
            facts = {
                "amount": amounts[n],
                "periods": self._join(periods[n]) if len(periods[n]) <= _PERIODS_MAX else "",
                "is_one_period": len(periods[n]) == 1,
                "items": items[n],
                "is_several": items[n] > 1,
                "paid_until": paid_until,
                "interest": interest[n] if bears[n] else None,
            }
            made[n] = Fitted(
                tuple(wrap(write_sentence(facts), False, part.style.size, part.width)),
                part.style.size,
            )
        return made

    def _period_lists(self) -> list[list[str]]:
        lists = self.notices["periods"].combine_chunks()
        flat = pa.Table.from_struct_array(lists.flatten())
        frame = frame_of(flat)
        texts = self.figures.periods(frame["from"], frame["to"])
        at = offsets_of(lists)
        return [texts[first:last] for first, last in pairwise(at)]

    def _join(self, periods: list[str]) -> str:
        if len(periods) < 2:
            return "".join(periods)
        both = word_of(self.language, "last_two", "joining")
        return f"{', '.join(periods[:-1])} {both} {periods[-1]}"

    def _notes(self) -> list[list[Fitted]]:
        notes: list[list[Fitted]] = [[] for _ in range(len(self.notices))]
        part = _part(layout.NOTE, "note")
        for n, text in self._note_texts():
            lines = wrap(text, False, part.style.size, part.width)
            parts = (
                lines[first : first + _NOTE_LINES_MAX]
                for first in range(0, len(lines), _NOTE_LINES_MAX)
            )
            notes[n] += [Fitted(tuple(some), part.style.size) for some in parts]
        return notes

    def _note_texts(self) -> Iterator[tuple[int, str]]:
        """Yield (notice index, paragraph) in printing order."""
        # `press.since` is the day of the notice before; payments are new from the day after it.
        since = write_day(self.press.since + timedelta(days=1), self.language)
        original = self.wording.write_block("original")
        yield from self._where("plan_cents", "plan", self._plan_facts())
        yield from self._where(
            "held_cents", "held", [{"held": text} for text in self.money("held_cents")]
        )
        yield from self._where("expired_cents", "expired", self._expired_facts())
        yield from ((int(n), original) for n in np.flatnonzero(self._has_original()))
        yield from self._where(
            "paid_cents", "paid", [{"paid": t, "since": since} for t in self.money("paid_cents")]
        )
        yield from self._where(
            "credit_cents", "credit", [{"credit": text} for text in self.money("credit_cents")]
        )

    def _where(
        self, cents: str, sentence: str, facts: list[dict[str, Any]]
    ) -> Iterator[tuple[int, str]]:
        write_sentence = self.wording.block_writer(sentence)
        for n in np.flatnonzero(self.notices[cents].to_numpy() > 0).tolist():
            yield n, write_sentence(facts[n])

    def _plan_facts(self) -> list[dict[str, Any]]:
        due = self.notices["instalment_cents"].to_numpy() > 0
        columns = zip(
            self.texts["agreement_no"],
            self.money("plan_cents"),
            self.money("instalment_cents"),
            self.days("instalment_on"),
            due.tolist(),
            strict=True,
        )
        return [
            {
                "agreement_no": number,
                "plan": plan,
                "instalment": instalment if is_due else None,
                "instalment_on": on,
            }
            for number, plan, instalment, on, is_due in columns
        ]

    def _expired_facts(self) -> list[dict[str, Any]]:
        items = self.notices["expired_items"].to_pylist()
        return [
            {"expired": text, "items": count, "is_several": count > 1}
            for text, count in zip(self.money("expired_cents"), items, strict=True)
        ]

    def _has_original(self) -> npt.NDArray[np.bool_]:
        """Return a mask of the notices with euro sums for a document in leva."""
        if not self.wording.has("bill_sum"):
            return self._any_row("items", "original_minor")
        named = [self._any_row(name, "original_minor") for name in ("items", "pending")]
        return named[0] | named[1] | self._any_row("lines", "is_bgn")

    def _any_row(self, name: str, column: str) -> npt.NDArray[np.bool_]:
        """Return a mask of the notices with a row in `name` that has `column` set and not false."""
        lists = self.notices[name].combine_chunks()
        values = lists.flatten().field(column)
        has_value = (
            pc.fill_null(values, False) if pa.types.is_boolean(values.type) else pc.is_valid(values)
        )
        # Count of values per notice, by running sums over the flattened lists:
        #   values        1 0 1 | 0 0 | 1 1 1     notices are separated by |
        #   total       0 1 1 2   2 2   3 4 5
        #   at          0       3     5       8   total[end] - total[begin] = 2, 0, 3
        total = np.concatenate([[0], np.cumsum(has_value.to_numpy(zero_copy_only=False))])
        at = np.array(offsets_of(lists))
        return (total[at[1:]] - total[at[:-1]]) > 0

    def _items(self) -> BillRows:
        lists = self.notices["items"].combine_chunks()
        flat = lists.flatten()
        frame = frame_of(
            pa.table({name: flat.field(name) for name in ("period_from", "period_to", "due_on")})
        )
        kinds = [self.wording.kinds[kind] for kind in flat.field("kind").to_pylist()]
        periods = self.figures.periods(frame["period_from"], frame["period_to"])
        originals = flat.field("original_minor")
        minor = pc.fill_null(originals, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        leva = self.figures.leva(minor)
        has_leva = pc.is_valid(originals).to_pylist()
        write_sentence = self.wording.block_writer("item_original")
        columns = zip(
            clean(flat.field("invoice_no")).to_pylist(),
            [period or kind for period, kind in zip(periods, kinds, strict=True)],
            self.figures.days(frame["due_on"]),
            [str(days) for days in flat.field("days_overdue").to_pylist()],
            self.figures.euro(cents_of(flat, "open_cents")),
            [
                write_sentence({"original": text}) if is_there else ""
                for text, is_there in zip(leva, has_leva, strict=True)
            ],
            strict=True,
        )
        return BillRows([("item", cells) for cells in columns], offsets_of(lists))

    def _tails(self, remittances: list[str]) -> list[str]:
        cents = self.notices["total_cents"].to_pylist()
        return [
            payment_tail(total, remittance) if total > 0 else ""
            for total, remittance in zip(cents, remittances, strict=True)
        ]

    def _card(self) -> dict[str, list[str]]:
        phone, email = (clean(self.notices[name]).to_pylist() for name in ("phone", "known_email"))
        return {
            "card_mobile": _filled(phone),
            "card_email": _filled(email),
            "card_street": _filled(self.texts["street"]),
            "card_town": _filled(self.texts["town"]),
        }


def _part(block: layout.Block, name: str) -> Lines:
    return next(part for part in block.parts if isinstance(part, Lines) and part.name == name)


def _filled(texts: list[str | None]) -> list[str]:
    return [text or "" for text in texts]
