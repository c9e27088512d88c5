"""What `dunning policy show` prints."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from dunning.core.words import LANGUAGES
from dunning.documents.pages.policy_text import (
    format_value,
    render_markdown,
    render_text,
    to_json,
)
from dunning.documents.words import table_of
from dunning.policy.policies import load_policy
from dunning.policy.schema import SHAPES
from dunning.policy.show import show_rows

DAY = date(2026, 11, 22)


def test_json_is_plain() -> None:
    rows = json.loads(json.dumps(to_json(show_rows(load_policy(), DAY))))
    suspensions = next(row for row in rows if row["key"] == "suspensions")
    assert suspensions["value"] == [["2020-03-13", "2020-05-21"]]
    assert next(row for row in rows if row["key"] == "state_fee_percent")["value"] == "2.00"
    grace = next(row for row in rows if row["key"] == "grace_days")
    assert list(grace)[:5] == ["file", "key", "label", "value", "unit"]
    assert (grace["label"], grace["unit"]) == ("допустимо закъснение на вноска", "дни")


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


def test_every_value_has_a_name_in_both_languages() -> None:
    shown = {f"{row.file.removesuffix('.toml')}.{row.key}" for row in show_rows(load_policy(), DAY)}
    for language in LANGUAGES:
        assert shown == set(table_of(language, "rule_value"))
        assert set(SHAPES) == set(table_of(language, "rule_file"))


def test_the_manual_lists_every_value_as_it_is() -> None:
    manual = Path(__file__).parents[2] / "docs" / "policy.md"
    assert render_markdown(show_rows(load_policy(), DAY)) in manual.read_text("utf-8")
