"""A few accounts by hand, as the decisions see them: for tests of what is proposed."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from dunning.core.days import NEVER, to_day
from dunning.core.frames import SCHEMAS, Bucket, Frame, frame_of
from dunning.core.words import (
    CHANNELS,
    HOLD_REASONS,
    IDENTIFIERS,
    ITEM_KINDS,
    NOTICE_STAGES,
    PROTECTING,
    SERVICES,
    STAGES,
)
from dunning.decisions.frames import Decision
from dunning.decisions.lists.channel_choice import FAILURES, mark_addresses, with_failures

AS_OF = date(2026, 11, 22)  # a Sunday
_WORDS = {"service": SERVICES, "reason": HOLD_REASONS, "identifier": IDENTIFIERS}


def day(text: str) -> int:
    """Return the day number of an ISO date."""
    return to_day(date.fromisoformat(text))


class Evidence:
    """Collects rows and gives a bucket, its decision and its history. Places are the order of
    adding.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.stages: list[str] = []
        self.kept: list[bool] = []
        self.open: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []

    def premise(
        self, premise_no: str = "0012344217", service: str = "electricity", **more: Any
    ) -> int:
        """Add a premise; an electricity supply can be cut unless said otherwise."""
        row = {
            "premise_no": premise_no,
            "service": SERVICES.index(service),
            "district": "Люлин",
            "route": "07",
            "address": "ул. Явор 3",
            "settlement": "София",
            "postcode": "1324",
            "meter_no": "88",
            "is_disconnectable": service == "electricity",
            "is_vulnerable": False,
            "is_life_support": False,
            "has_refused_evidence": False,
        }
        return self._add("premises", row | more)

    def payer(self, payer_code: str = "900000000001", **more: Any) -> int:
        """Add a natural person without any contact or postal address."""
        row = {
            "payer_code": payer_code,
            "is_person": True,
            "name": "Проба Пробова",
            "national_id": "7523169263",
            "identifier": "ok",
            "language": "bg",
            "is_vulnerable": False,
            "is_life_support": False,
        }
        return self._add("payers", row | more)

    def account(
        self,
        premise: int = 0,
        payer: int = 0,
        stage: str = "overdue",
        tenancy: str | None = "2015-01-01/",
        is_refused: bool = False,
        has_kept_agreement: bool = False,
        share: str = "1",
    ) -> int:
        """Add an account and, unless None, its tenancy `from/until`."""
        account = self._add(
            "accounts",
            {
                "premise_no": self.rows["premises"][premise]["premise_no"],
                "premise": premise,
                "payer": payer,
                "payer_code": self.rows["payers"][payer]["payer_code"],
                "began_on": date(2015, 1, 1),
                "has_refused_evidence": is_refused,
            },
        )
        self.stages.append(stage)
        self.kept.append(has_kept_agreement)
        if tenancy is not None:
            first, _, end = tenancy.partition("/")
            until = date.fromisoformat(end) if end else None
            row = {
                "account": account,
                "valid_from": date.fromisoformat(first),
                "valid_until": until,
                "share": share,
            }
            self._add("tenancies", row)
        return account

    def contact(
        self,
        payer: int,
        channel: str,
        address: str,
        since: str = "2020-01-01",
        until: str | None = None,
    ) -> None:
        """Add a contact registered and revoked at midnight of these days."""
        instant = pa.scalar(np.datetime64(since, "s"), pa.timestamp("s"))
        revoked = (
            None
            if until is None
            else pa.scalar(np.datetime64(until, "s"), pa.timestamp("s")).as_py()
        )
        row = {"payer": payer, "channel": CHANNELS.index(channel), "address": address}
        self._add("contacts", row | {"registered_at": instant.as_py(), "revoked_at": revoked})

    def item(self, account: int, cents: int, due: str, kind: str = "bill", **more: Any) -> int:
        """Add an open, overdue, unshielded item; flags of the decision can be given by name."""
        flags = {
            "is_expired": False,
            "is_overdue": True,
            "is_in_stage": True,
            "is_named_by_final_warning": True,
        }
        decided = {name: more.pop(name, default) for name, default in flags.items()}
        interest = more.pop("interest_cents", 0)
        limitation = more.pop("limitation_on", "2028-01-01")
        row = {
            "account": account,
            "invoice_no": f"F{len(self.rows['items']) + 1}",
            "kind": ITEM_KINDS.index(kind),
            "season": -1,
            "issued_on": date(2020, 1, 1),
            "due_on": date.fromisoformat(due),
            "amount_minor": cents,
            "is_bgn": False,
        }
        place = self._add("items", row | more)
        self.open.append(
            {
                "item": place,
                "account": account,
                "open_cents": cents,
                "interest_cents": interest,
                **decided,
            }
            | {"limitation_on": day(limitation)}
        )
        return place

    def notice(
        self,
        account: int,
        stage: str,
        sent: str,
        served: str | None = None,
        failed: str | None = None,
        channel: str = "post",
    ) -> None:
        """Add a notice of the history."""
        self.sent.append(
            {
                "account": account,
                "notice_no": f"N{len(self.sent) + 1}",
                "stage": NOTICE_STAGES.index(stage),
                "channel": channel,
                "sent_on": day(sent),
                "served_on": NEVER if served is None else day(served),
                "failed_on": NEVER if failed is None else day(failed),
                "is_ours": False,
            }
        )

    def fail(
        self, payer: int, channel: str, sent: str, about: int = 0, written_to: str | None = None
    ) -> None:
        """Add that the payer's newest message by a channel failed: about a premise; written to,
        where that is known.
        """
        mark = None if written_to is None else mark_addresses(pa.array([written_to]))[0].as_py()
        self.failed.append(
            {
                "payer_code": self.rows["payers"][payer]["payer_code"],
                "channel": channel,
                "sent_on": date.fromisoformat(sent),
                "written_to": mark,
                "premise_no": self.rows["premises"][about]["premise_no"],
            }
        )

    def home(
        self, payer: int, premise: int, since: str, until: str | None = None, **other: str
    ) -> None:
        """Add that a payer lived at a premise, or at another address, from a day until a day."""
        address = {
            name: self.rows["premises"][premise][name]
            for name in ("address", "settlement", "postcode")
        }
        days = {
            "valid_from": date.fromisoformat(since),
            "valid_until": date.fromisoformat(until) if until else None,
        }
        self._add("homes", {"payer": payer, **days, **address, **other})

    def hold(
        self,
        account: int,
        reason: str,
        since: str = "2026-01-01",
        item: int = -1,
        until: str | None = None,
    ) -> None:
        """Add a hold, without an end unless one is given; it names premise and payer of the
        account.
        """
        row = {
            "account": account,
            "item": item,
            "hold_no": "H1",
            "reason": HOLD_REASONS.index(reason),
        }
        days = {
            "valid_from": date.fromisoformat(since),
            "valid_until": date.fromisoformat(until) if until else None,
        }
        self._add("holds", row | days)
        if reason in PROTECTING:
            of = self.rows["accounts"][account]
            self.protect(reason, since, until, payer=of["payer"])
            self.protect(reason, since, until, premise=of["premise"])

    def protect(
        self, reason: str, since: str, until: str | None = None, payer: int = -1, premise: int = -1
    ) -> None:
        """Add that a hold of some account, perhaps elsewhere, names this payer or this premise."""
        days = {
            "valid_from": date.fromisoformat(since),
            "valid_until": date.fromisoformat(until) if until else None,
        }
        row = {"payer": payer, "premise": premise, "reason": HOLD_REASONS.index(reason)}
        self._add("protections", row | days)

    def add(self, table: str, **row: Any) -> int:
        """Add any other row as the snapshot has it."""
        return self._add(table, row)

    @property
    def bucket(self) -> Bucket:
        """The bucket of all rows."""
        tables = {
            name: pa.Table.from_pylist(self.rows[name], schema) for name, schema in SCHEMAS.items()
        }
        bucket = Bucket(0, {name: frame_of(table) for name, table in tables.items()})
        return with_failures(bucket, pa.Table.from_pylist(self.failed, FAILURES))

    @property
    def decision(self) -> Decision:
        """Stages and flags as given, not decided."""
        accounts = Frame(
            {
                "account": np.arange(len(self.stages), dtype=np.int32),
                "stage": np.array([STAGES.index(stage) for stage in self.stages], np.int8),
                "has_kept_agreement": np.array(self.kept, np.bool_),
            }
        )
        types = {
            "item": np.int32,
            "account": np.int32,
            "open_cents": np.int64,
            "interest_cents": np.int64,
            "limitation_on": np.int32,
        }
        flags = ("is_expired", "is_overdue", "is_in_stage", "is_named_by_final_warning")
        columns = {
            name: np.array([row[name] for row in self.open], kind) for name, kind in types.items()
        }
        columns |= {name: np.array([row[name] for row in self.open], np.bool_) for name in flags}
        return Decision(to_day(AS_OF), accounts, Frame(columns), Frame({}))

    @property
    def history(self) -> Frame:
        """All notices."""
        names = ("account", "stage", "sent_on", "served_on", "failed_on")
        columns: dict[str, Any] = {
            name: np.array([row[name] for row in self.sent], np.int32) for name in names
        }
        columns |= {
            name: pa.array([row[name] for row in self.sent], pa.string())
            for name in ("notice_no", "channel")
        }
        return Frame(columns | {"is_ours": np.zeros(len(self.sent), np.bool_)})

    def _add(self, table: str, row: dict[str, Any]) -> int:
        row = {name: self._coded(name, value) for name, value in row.items()}
        self.rows[table].append(row)
        return len(self.rows[table]) - 1

    def _coded(self, name: str, value: Any) -> Any:
        return _WORDS[name].index(value) if name in _WORDS and isinstance(value, str) else value
