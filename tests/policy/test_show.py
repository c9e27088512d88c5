"""What `dunning policy show` prints."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from dunning.policy.labels import LABELS, TITLES
from dunning.policy.policies import load_policy
from dunning.policy.schema import SHAPES
from dunning.policy.show import format_value, render_markdown, render_text, show_rows, to_json

DAY = date(2026, 11, 22)


def test_every_value_is_shown_with_source_day_and_confidence() -> None:
    rows = show_rows(load_policy(), DAY)
    assert {row.file for row in rows} == {f"{name}.toml" for name in SHAPES}
    fee = next(row for row in rows if row.key == "state_fee_cents_min")
    assert (fee.value, fee.unit, fee.effective_from, fee.until) == (
        1278,
        "евроцента",
        date(2026, 1, 1),
        None,
    )
    assert (fee.confidence, fee.reason) == (
        "uncertain",
        "Не е потвърдено дали тарифата има нова кръгла сума в евро.",
    )
    grace = next(row for row in rows if row.key == "grace_days")
    assert (grace.value, grace.unit, grace.confidence) == (3, "дни", "confirmed")


def test_rates_are_shown_up_to_the_day() -> None:
    rates = [row for row in show_rows(load_policy(), date(2025, 7, 1)) if row.key == "rate_percent"]
    assert (rates[-1].effective_from, rates[-1].until) == (date(2025, 7, 1), date(2026, 1, 1))


def test_json_is_plain() -> None:
    rows = json.loads(json.dumps(to_json(show_rows(load_policy(), DAY))))
    suspensions = next(row for row in rows if row["key"] == "suspensions")
    assert suspensions["value"] == [["2020-03-13", "2020-05-21"]]
    assert next(row for row in rows if row["key"] == "state_fee_percent")["value"] == "2.00"


def test_text_is_for_reading() -> None:
    text = render_text(show_rows(load_policy(), DAY), DAY)
    for line in (
        "Правила в сила на 22.11.2026 г.",
        "Етапи (stages.toml), от 01.01.2026 г.",
        "  последно предупреждение: от сума                 50,00 €",
        "  просрочено: най-малко дни                        1 ден",
        "  най-много отказани редове в таблица         1,00 %",
        "  обявени за работни    няма",
        "  топлинна енергия: ден от месеца      15 число",
        "  центрове за клиенти, на латиница        East: 1 Primerna St., Monday to Friday, 8:00 - 18:00;",
        "                                          West: 22 Obraztsov Blvd., Monday to Friday, 8:30 - 17:30;",
    ):
        assert line in text.splitlines()


def test_a_drawing_is_named_and_not_printed() -> None:
    rows = show_rows(load_policy(), DAY)
    logo = next(row for row in rows if row.key == "logo")
    shown = format_value(logo)
    assert re.fullmatch(rf"SVG, {len(logo.value)} знака \([0-9a-f]{{8}}\)", shown)
    assert format_value(replace(logo, value=logo.value.replace("8", "9"))) != shown
    assert "<svg" not in render_text(rows, DAY) + render_markdown(rows)
    assert "<svg" in next(row for row in to_json(rows) if row["key"] == "logo")["value"]


def test_every_value_has_a_bulgarian_name() -> None:
    shown = {f"{row.file.removesuffix('.toml')}.{row.key}" for row in show_rows(load_policy(), DAY)}
    assert shown == set(LABELS)
    assert set(SHAPES) == set(TITLES)


def test_the_manual_lists_every_value_as_it_is() -> None:
    manual = Path(__file__).parents[2] / "docs" / "policy.md"
    assert render_markdown(show_rows(load_policy(), DAY)) in manual.read_text("utf-8")
