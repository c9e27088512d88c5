"""Define the typed, frozen policy values that the decisions read; the unit is in the name."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dunning.core.ladder import REMINDER


@dataclass(frozen=True)
class Changeover:
    """The euro changeover; `euro_from` is the first day on which debts are in euro."""

    euro_from: date


@dataclass(frozen=True)
class Interest:
    """Statutory interest, selected by each accrual day.

    rates: (first day, yearly percent), ascending.
    """

    rates: tuple[tuple[date, Decimal], ...]
    day_count: int
    kinds: tuple[str, ...]
    kinds_after_equalisation: tuple[str, ...]


@dataclass(frozen=True)
class Limitation:
    """Years after which a debt can no longer be claimed.

    suspensions: half-open intervals that are not counted.
    """

    years: int
    years_long: int
    kinds_long: tuple[str, ...]
    years_absolute: int
    suspensions: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Agreements:
    """Days after an instalment's due day in which the agreement still counts as kept."""

    grace_days: int


@dataclass(frozen=True)
class StageRule:
    """The conditions of one stage.

    after_notice: the notice stage that must have been served, or empty.
    """

    days_overdue_min: int
    amount_cents_min: int
    after_notice: str = ""
    served_days_min: int = 0


@dataclass(frozen=True)
class Stages:
    """The conditions of all stages.

    kinds_enforced: kinds of invoices that are in enforcement already, and are not claimed again.
    kinds_after_equalisation: kinds that may be claimed only with their season's equalisation bill.
    """

    overdue: StageRule
    final_warning: StageRule
    court_bound: StageRule
    notice_valid_days: int
    limitation_near_days: int
    limitation_near_amount_cents_min: int
    kinds_enforced: tuple[str, ...]
    kinds_after_equalisation: tuple[str, ...]

    def of(self, rung: str) -> StageRule:
        """Return the conditions of a rung of `core.ladder`; `limitation_near` needs a sum alone."""
        if rung == "limitation_near":
            return StageRule(0, self.limitation_near_amount_cents_min)
        rule: StageRule = getattr(self, rung)
        return rule


@dataclass(frozen=True)
class Service:
    """Days after which a message that we sent counts as served, per channel.

    Unless it was reported as failed.
    """

    served_after_days: dict[str, int]


def repeat_key(message: str) -> str:
    """Return the key of `reminders.toml` with the days before a message may be repeated."""
    return "repeat_days" if message == REMINDER else f"{message}_repeat_days"


@dataclass(frozen=True)
class Reminders:
    """How often accounts are reminded, and from which sum per channel.

    on_list_days: for how many days in a row another list of the same run may keep an account from
    its message before that message has been sent. sms_parts_max: an SMS is shortened, clause by
    clause, to so many parts.
    """

    repeat_days: int
    final_warning_repeat_days: int
    amount_cents_min: dict[str, int]
    on_list_days: int = 14
    sms_parts_max: int = 2

    def repeat_days_of(self, message: str) -> int:
        """Return the days after which the same message may be sent again."""
        key = repeat_key(message)
        days: int = getattr(self, key)
        return days


@dataclass(frozen=True)
class Disconnections:
    """The conditions for proposing a premise for disconnection, and the window for doing it."""

    served_days_min: int
    notice_valid_days: int
    amount_cents_min: int
    days_overdue_min: int
    payment_latency_working_days: int
    window_days: int
    kinds_never: tuple[str, ...]


@dataclass(frozen=True)
class Court:
    """The application for an order for payment: state fee, and the ceiling (heat has none)."""

    state_fee_percent: Decimal
    state_fee_cents_min: int
    order_ceiling_cents: int


@dataclass(frozen=True)
class Calendar:
    """Days that the Council of Ministers made non-working or working days."""

    extra_nonworking_days: tuple[date, ...]
    extra_working_days: tuple[date, ...]


@dataclass(frozen=True)
class Loading:
    """Limits beyond which a ledger is too bad, too old or too thin to act on.

    Shares are fractions of one.
    """

    quarantine_share_max: Decimal
    quarantine_share_max_strict: Decimal
    tables_strict: tuple[str, ...]
    tables_guarded: tuple[str, ...]
    shrink_share_max: Decimal
    payments_stale_days: int

    def share_max_of(self, table: str) -> Decimal:
        """Return the largest share of refused rows that a table may have."""
        return (
            self.quarantine_share_max_strict
            if table in self.tables_strict
            else self.quarantine_share_max
        )


@dataclass(frozen=True)
class Retention:
    """How long snapshots are kept, counted back from the last closed date.

    It decides nothing on accounts. every_snapshot_days: all of so many days, that date included.
    monthly_snapshot_months: the newest of each of so many calendar months, that date's month
    included.
    """

    every_snapshot_days: int
    monthly_snapshot_months: int


@dataclass(frozen=True)
class Release:
    """When proposals wait for a person, and how much may be sent at once; decides no stage.

    band_percent: how far a count or sum may differ from the median of `band_nights` comparable
    nights, of which there must be `band_nights_min`, with a median of `band_rows_min` rows at
    least. rows_max, amount_cents_max: absolute limits, by MEASURES. payments_share_min: of the
    payments that are usual in the last `payments_days` days, where these are `payments_min` at
    least. district_rows_max: rows a district and day, by LIMITED_BY_DISTRICT. court_week_rows_max: cases a
    calendar week. acted_days: how long an account handed over is kept off that list, by ACTED.
    answer_hours: how long a question waits for its answer.
    """

    band_percent: Decimal
    band_nights: int
    band_nights_min: int
    band_rows_min: int
    rows_max: dict[str, int]
    amount_cents_max: dict[str, int]
    payments_days: int
    payments_share_min: Decimal
    payments_min: int
    district_rows_max: dict[str, int]
    court_week_rows_max: int
    acted_days: dict[str, int]
    answer_hours: int


@dataclass(frozen=True)
class Protection:
    """Terms of protections that employees record; decides nothing on accounts by itself.

    undocumented_days: how long it holds without a document. remind_days: from how long before its
    end its author is reminded.
    """

    undocumented_days: int
    remind_days: int


@dataclass(frozen=True)
class Supplier:
    """The names of the supplier in messages, per service, and its contact for customers."""

    service_names: dict[str, str]
    service_names_latin: dict[str, str]
    phone: str
    reconnection_fee_cents: int


@dataclass(frozen=True)
class Notices:
    """When and how monthly notices are made; decides nothing on accounts.

    day_of_month: the day on which a billing group's notices are sent, by service; the last day of
    a shorter month. wording: the version of the department's texts used in notices.
    batch_pages_max: pages of one file for the print house. card_age_days: a contact registered
    longer ago is asked for anew. receipt_days: how long a notice's receipt may be confirmed.
    """

    day_of_month: dict[str, int]
    wording: int
    batch_pages_max: int
    card_age_days: int
    receipt_days: int


@dataclass(frozen=True)
class Profile:
    """The identity of the supplier as printed in notices.

    Its phone and the names of its services are in `Supplier`. *_latin: the same for the English
    notice and for banks. offices: an address with its hours each, in the same order as
    offices_latin. logo: SVG. receipt_url: the address of the page that confirms receipt, before
    the token; empty where there is none.
    """

    name: str
    name_latin: str
    company_id: str
    vat_no: str
    iban: str
    bic: str
    bank: str
    bank_latin: str
    address: str
    address_latin: str
    website: str
    email: str
    hours: str
    hours_latin: str
    offices: tuple[str, ...]
    offices_latin: tuple[str, ...]
    logo: str = ""
    receipt_url: str = ""


@dataclass(frozen=True)
class Rules:
    """All rules in force on a day.

    version: day and short hash of every selected value that decides on accounts.
    """

    version: str
    changeover: Changeover
    interest: Interest
    limitation: Limitation
    agreements: Agreements
    stages: Stages
    service: Service
    reminders: Reminders
    disconnections: Disconnections
    court: Court
    calendar: Calendar
    loading: Loading
    retention: Retention
    release: Release
    protection: Protection
    supplier: Supplier
    notices: Notices
    profile: Profile
