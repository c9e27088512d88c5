"""The behaviours of accounts.

Days are counted back from the sample's date; pairs are (fewest, most).
"""

from dataclasses import dataclass, field

Range = tuple[int, int]


@dataclass(frozen=True)
class Behaviour:
    """One kind of payer behaviour.

    `weight`: of 10,000 accounts drawn. `months`: of history. `delay_days`: of a payment after the
    due day. `forgets`: of a thousand bills paid 15 to 45 days late. What fell due from
    `unpaid_from` days ago on is never paid, up to `unpaid_until` days ago where that is given.
    Notices are sent so many days ago. `follower`: who the next account is, where two belong
    together.
    """

    name: str
    weight: int = 0
    months: int = 12
    delay_days: Range = (-12, 0)
    forgets: int = 8
    unpaid_from: Range | None = None
    unpaid_until: int | None = None
    scale_min_cents: int = 0
    notices: dict[str, Range] = field(default_factory=dict)
    notice_share: int = 1000
    service: str | None = None
    follower: str | None = None
    is_named: bool = False


_WARNED = {"overdue": (40, 80)}

BEHAVIOURS = (
    Behaviour("on_time"),
    Behaviour("forgets", 1200, forgets=130, notices={"overdue": (190, 340)}, notice_share=120),
    Behaviour("in_parts", 300, months=14),
    Behaviour(
        "chronic",
        360,
        months=24,
        delay_days=(30, 70),
        notices={"overdue": (40, 170)},
        notice_share=500,
    ),
    Behaviour("new", 150),
    Behaviour("overpays", 120),
    Behaviour("corrected", 60),
    Behaviour("payment_bounced", 60),
    Behaviour(
        "reconnected",
        40,
        16,
        service="electricity",
        scale_min_cents=3500,
        notices={"disconnection": (150, 160)},
    ),
    Behaviour("stopped", 340, 14, unpaid_from=(75, 130), scale_min_cents=3000),
    Behaviour("warned", 110, 18, unpaid_from=(200, 260), scale_min_cents=4000, notices=_WARNED),
    Behaviour(
        "to_disconnect",
        90,
        16,
        unpaid_from=(120, 200),
        scale_min_cents=4000,
        service="electricity",
        notices={"overdue": (85, 110), "disconnection": (26, 60)},
    ),
    Behaviour(
        "to_court",
        70,
        26,
        unpaid_from=(420, 560),
        scale_min_cents=4000,
        notices={"overdue": (250, 330), "final_warning": (60, 120)},
    ),
    Behaviour(
        "moved_out",
        60,
        22,
        scale_min_cents=4000,
        notices={"overdue": (40, 100)},
        notice_share=700,
        follower="moved_in",
    ),
    Behaviour("moved_in"),
    Behaviour("owner", 30, follower="part_owner"),
    Behaviour("part_owner", forgets=200),
    Behaviour("two_homes", 60, follower="second_home"),
    Behaviour("second_home"),
    Behaviour("disputes", 40, 14, unpaid_from=(75, 180), scale_min_cents=3000),
    Behaviour(
        "keeps_plan",
        40,
        24,
        unpaid_from=(260, 330),
        unpaid_until=140,
        scale_min_cents=4000,
        is_named=True,
    ),
    Behaviour(
        "breaks_plan",
        30,
        24,
        unpaid_from=(260, 330),
        unpaid_until=140,
        scale_min_cents=4000,
        is_named=True,
    ),
    Behaviour(
        "asks_for_plan",
        15,
        16,
        unpaid_from=(90, 150),
        scale_min_cents=3000,
        notices={"overdue": (5, 20)},
    ),
    Behaviour("deceased", 15, 20, unpaid_from=(150, 400), scale_min_cents=3000),
    Behaviour("insolvent", 10, 20, unpaid_from=(150, 400), scale_min_cents=6000),
    Behaviour(
        "vulnerable",
        30,
        16,
        unpaid_from=(120, 200),
        scale_min_cents=3000,
        notices={"overdue": (85, 110), "disconnection": (26, 60)},
    ),
    Behaviour(
        "sued",
        40,
        30,
        unpaid_from=(500, 650),
        scale_min_cents=4000,
        notices={"overdue": (400, 440), "final_warning": (280, 330)},
    ),
    Behaviour("adjudged", 30, 16, is_named=True),
    Behaviour(
        "old_debt",
        30,
        40,
        unpaid_from=(1085, 1085),
        unpaid_until=1000,
        scale_min_cents=7000,
        is_named=True,
        notices={"final_warning": (60, 120)},
        notice_share=500,
    ),
    Behaviour(
        "expired",
        20,
        52,
        unpaid_from=(1500, 1500),
        unpaid_until=1250,
        scale_min_cents=3000,
        is_named=True,
    ),
    Behaviour("unreached", 30, 16, unpaid_from=(150, 220), scale_min_cents=4000, notices=_WARNED),
)
PLACE = {behaviour.name: place for place, behaviour in enumerate(BEHAVIOURS)}


@dataclass(frozen=True)
class FixedAccount:
    """One of the first accounts of every sample.

    Together they cover every stage and every list.
    """

    behaviour: str
    service: str | None = None
    contact: str | None = None
    identifier: str | None = None


FIRST = (
    FixedAccount("on_time"),
    FixedAccount("forgets"),
    FixedAccount("moved_out", "heat", "none"),
    FixedAccount("moved_in"),
    FixedAccount("moved_out", "electricity", "sms"),
    FixedAccount("moved_in"),
    FixedAccount("owner", "heat"),
    FixedAccount("part_owner"),
    FixedAccount("two_homes"),
    FixedAccount("second_home"),
    FixedAccount("stopped", "electricity", "sms"),
    FixedAccount("stopped", "heat", "email"),
    FixedAccount("stopped", "electricity", "post"),
    FixedAccount("stopped", "heat", "none"),
    FixedAccount("warned", "electricity", "sms"),
    FixedAccount("warned", "heat", "email"),
    FixedAccount("warned", "electricity", "post"),
    FixedAccount("to_disconnect", contact="sms"),
    FixedAccount("to_disconnect", contact="email"),
    FixedAccount("to_disconnect", contact="post"),
    FixedAccount("to_court", "heat", "post", "ok"),
    FixedAccount("to_court", "electricity", "sms", "ok"),
    FixedAccount("to_court", "heat", "post", "wrong"),
    FixedAccount("to_court", "electricity", "email", "missing"),
    FixedAccount("old_debt", "heat", "post", "ok"),
    FixedAccount("old_debt", "electricity", "sms", "wrong"),
    FixedAccount("expired", "heat"),
    FixedAccount("expired", "electricity"),
    FixedAccount("disputes", "electricity"),
    FixedAccount("disputes", "heat"),
    FixedAccount("keeps_plan", "electricity"),
    FixedAccount("keeps_plan", "heat"),
    FixedAccount("breaks_plan", "electricity"),
    FixedAccount("breaks_plan", "heat"),
    FixedAccount("asks_for_plan"),
    FixedAccount("deceased", "heat"),
    FixedAccount("insolvent", "electricity"),
    FixedAccount("vulnerable", "electricity", "sms"),
    FixedAccount("vulnerable", "heat"),
    FixedAccount("sued", "heat"),
    FixedAccount("sued", "electricity"),
    FixedAccount("adjudged", "heat"),
    FixedAccount("adjudged", "electricity"),
    FixedAccount("adjudged", "heat"),
    FixedAccount("unreached", "electricity", "sms"),
    FixedAccount("unreached", "heat", "email"),
    FixedAccount("in_parts"),
    FixedAccount("chronic"),
    FixedAccount("new"),
    FixedAccount("overpays"),
    FixedAccount("corrected"),
    FixedAccount("payment_bounced"),
    FixedAccount("reconnected"),
    FixedAccount("chronic"),
    FixedAccount("stopped", "electricity", "sms"),
    FixedAccount("on_time"),
)
DOUBTED = 54  # the one with a refused payment, so that one account is withheld for it
