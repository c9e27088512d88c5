"""Every way in which a rule file can be wrong, with the file, the line and the cure that it is
answered with.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.policy.policies import BUILT_IN, CAME_LATER, load_policy, read_policy
from dunning.policy.reading import read_rule_file


def _broken(tmp_path: Path, file: str, old: str, new: str) -> str:
    """Return the refusal of the built-in file with one change, and make sure that the change is
    there.
    """
    text = (BUILT_IN / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DunningError) as refusal:
        load_policy(tmp_path)
    return str(refusal.value)


def _line(file: str, old: str) -> int:
    """Return the line on which a text begins in a built-in file."""
    text = (BUILT_IN / file).read_text("utf-8")
    return text[: text.index(old)].count("\n") + 1


UNIT = "Did you mean `{}`? The unit stands in the name, and the value must be in that unit."
REFUSALS = [
    (
        "agreements.toml",
        "grace_days = 3",
        "grace_weeks = 3",
        "Unknown key `grace_weeks`.",
        UNIT.format("grace_days"),
    ),
    (
        "court.toml",
        "state_fee_cents_min",
        "state_fee_eur_min",
        "Unknown key `state_fee_eur_min`.",
        UNIT.format("state_fee_cents_min"),
    ),
    (
        "reminders.toml",
        "repeat_days",
        "repaet_days",
        "Unknown key `repaet_days`.",
        "Did you mean `repeat_days`?",
    ),
    (
        "stages.toml",
        "limitation_near_days = 120",
        "colour = 1\nlimitation_near_days = 120",
        "Unknown key `colour`.",
        "Delete it; the keys are:",
    ),
    (
        "agreements.toml",
        "grace_days = 3",
        "grace_days = -1",
        "`grace_days` is -1, outside 0 to 36525.",
        "Write a number within these bounds.",
    ),
    (
        "agreements.toml",
        "grace_days = 3",
        "grace_days = true",
        "`grace_days` is a truth value (True), not a whole number.",
        "Write a whole number, no quotes.",
    ),
    (
        "agreements.toml",
        "grace_days = 3",
        'grace_days = "3"',
        "`grace_days` is a text (3), not a whole number.",
        "Write a whole number, no quotes.",
    ),
    (
        "court.toml",
        "state_fee_cents_min = 1278",
        "state_fee_cents_min = 12.78",
        "`state_fee_cents_min` is a decimal number (12.78), not a whole number.",
        "Amounts are whole euro cents: 50,00 euro is 5000.",
    ),
    (
        "court.toml",
        "state_fee_percent = 2.00",
        "state_fee_percent = 0.02",
        "`state_fee_percent` is 0.02, less than one percent.",
        "The unit is percent: write 2.00 for 0.02.",
    ),
    (
        "court.toml",
        "state_fee_percent = 2.00",
        "state_fee_percent = nan",
        "`state_fee_percent` is NaN, outside 0 to 100.",
        "A percent lies between 0 and 100.",
    ),
    (
        "court.toml",
        "state_fee_percent = 2.00",
        'state_fee_percent = "2"',
        "`state_fee_percent` is a text (2), not a number.",
        "Write a number with a point, no quotes.",
    ),
    (
        "interest_rates.toml",
        "rate_percent = 13.12",
        "rate_percent = 13.125",
        "`rate_percent` is 13.125, with more than two decimals.",
        "Give at most two decimals.",
    ),
    (
        "loading.toml",
        "shrink_share_max = 0.20",
        "shrink_share_max = 20",
        "`shrink_share_max` is 20, outside 0 to 1.",
        "A share is a fraction of one: 5 % is 0.05.",
    ),
    (
        "loading.toml",
        '["holds", "agreements"]',
        '["holds", "holds"]',
        "`tables_guarded` names holds twice.",
        "Delete one of them.",
    ),
    (
        "loading.toml",
        '["holds", "agreements"]',
        '["hold"]',
        "`tables_guarded` names `hold`, which is none of: premises,",
        "Choose one of these.",
    ),
    (
        "interest.toml",
        '"share_fee"',
        '"share"',
        "`kinds` names `share`, which is none of: bill,",
        "Choose one of these.",
    ),
    (
        "interest.toml",
        '["forecast"]',
        '"forecast"',
        "`kinds_after_equalisation` is a text (forecast), not a list.",
        "Write a list:",
    ),
    (
        "limitation.toml",
        "years = 3",
        "years = 101",
        "`years` is 101, outside 1 to 100.",
        "Write a number within these bounds.",
    ),
    (
        "interest.toml",
        "day_count = 360",
        "day_count = 0",
        "`day_count` is 0, outside 1 to 36525.",
        "Write a number within these bounds.",
    ),
    (
        "calendar.toml",
        "2025-12-31",
        '"2025-12-31"',
        "`extra_nonworking_days` is a text (2025-12-31), not a date.",
        "Write a date without quotes: 2026-01-01.",
    ),
    (
        "calendar.toml",
        "2025-12-31",
        "2025-12-31T00:00:00",
        "`extra_nonworking_days` is a date with a time (2025-12-31 00:00:00), not a date.",
        "Write a date without quotes: 2026-01-01.",
    ),
    (
        "changeover.toml",
        "euro_from = 2026-01-01",
        "euro_from = 2126-01-01",
        "`euro_from` is 2126-01-01, outside 1990-01-01 to 2100-01-01.",
        "Write a day within them.",
    ),
    (
        "limitation.toml",
        "suspensions = [[2020-03-13, 2020-05-21]]",
        "suspensions = [[2020-05-21, 2020-03-13]]",
        "`suspensions`: 2020-05-21 to 2020-03-13 is empty.",
        "The second day is the first that counts again; put it later.",
    ),
    (
        "limitation.toml",
        "suspensions = [[2020-03-13, 2020-05-21]]",
        "suspensions = [[2020-03-13]]",
        "`suspensions` holds something else than pairs of days.",
        "Write [[first day, day after]].",
    ),
    (
        "limitation.toml",
        "[[2020-03-13, 2020-05-21]]",
        "[[2020-03-13, 2020-05-21], [2020-05-01, 2020-06-01]]",
        "`suspensions`: 2020-05-01 lies before 2020-05-21.",
        "Sort the pairs; let none overlap.",
    ),
    (
        "supplier.toml",
        "0700 11 111",
        "call us",
        "`phone` is call us, not a telephone number.",
        "Write digits and spaces: 0700 11 111.",
    ),
    (
        "supplier.toml",
        "0700 11 111",
        "",
        "`phone` is empty or begins or ends with a space.",
        "Write the text alone, no spaces.",
    ),
    (
        "supplier.toml",
        "Toplosnabdyavane",
        "Топлоснабдяване",
        "`service_names_latin.heat` has letters that are not Latin: Топлоснабдяване.",
        "Transliterate it; one Cyrillic letter doubles an SMS.",
    ),
    (
        "notices.toml",
        "heat = 15",
        "heat = 0",
        "`day_of_month.heat` is 0, outside 1 to 31.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "electricity = 13",
        "electricity = 32",
        "`day_of_month.electricity` is 32, outside 1 to 31.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "batch_pages_max = 5000",
        "batch_pages_max = 5001",
        "`batch_pages_max` is 5001, outside 2 to 5000.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "batch_pages_max = 5000",
        "batch_pages_max = 1",
        "`batch_pages_max` is 1, outside 2 to 5000.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "wording = 1",
        "wording = 0",
        "`wording` is 0, outside 1 to 36525.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "card_age_days = 1825",
        "card_age_days = 0",
        "`card_age_days` is 0, outside 1 to 36525.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "receipt_days = 60",
        "receipt_days = 0",
        "`receipt_days` is 0, outside 1 to 36525.",
        "Write a number within these bounds.",
    ),
    (
        "notices.toml",
        "electricity = 13",
        "gas = 13",
        "Unknown key `day_of_month.gas`.",
        "Choose of: heat, electricity.",
    ),
    (
        "profile.toml",
        'name = "Топлофикация Пример ЕАД"',
        'name = ""',
        "`name` is empty or begins or ends with a space.",
        "Write the text alone, no spaces.",
    ),
    (
        "profile.toml",
        'company_id = "999999995"',
        'company_id = "999999996"',
        "`company_id` is 999999996, no ЕИК.",
        "Write the 9 digits of the register; the last one is a check digit.",
    ),
    (
        "profile.toml",
        'iban = "BG05',
        'iban = "BG06',
        "`iban` is BG06XXXX12341012345678, no IBAN.",
        "Write it without spaces, as the bank gives it; a wrong digit is found by its check.",
    ),
    (
        "profile.toml",
        "Toplofikatsia Primer EAD",
        "Toplofikatsia Primer EАD",
        "`name_latin` is not Latin alone: Toplofikatsia Primer EАD.",
        "Transliterate it; it goes into the English notice and to banks.",
    ),
    (
        "profile.toml",
        "West: 22",
        "Запад: 22",
        "`offices_latin` is not Latin alone: Запад: 22 Obraztsov Blvd.,",
        "Transliterate it; it goes into the English notice and to banks.",
    ),
    (
        "profile.toml",
        "<svg ",
        "<SVG ",
        "`logo` is no SVG.",
        "Write the drawing itself, from <svg to </svg>, between ''' and '''.",
    ),
    (
        "stages.toml",
        'after_notice = "overdue"',
        'after_notice = "letter"',
        "`final_warning.after_notice` names `letter`, which is none of: overdue, final_warning, disconnection.",
        "Choose one of these.",
    ),
    (
        "stages.toml",
        "amount_cents_min = 5000",
        "amount_min = 5000",
        "Unknown key `final_warning.amount_min`.",
        UNIT.format("amount_cents_min"),
    ),
    (
        "reminders.toml",
        "post = 500",
        "fax = 500",
        "Unknown key `amount_cents_min.fax`.",
        "Choose of: sms, email, post.",
    ),
    (
        "interest_rates.toml",
        "effective_from = 2016-07-01",
        "effective_from = 2026-07-02",
        "`effective_from` 2023-01-01 stands below 2026-07-02.",
        "Sort the versions by day, the oldest first.",
    ),
    (
        "interest_rates.toml",
        "effective_from = 2016-07-01",
        "effective_from = 2016-01-01",
        "`effective_from` 2016-01-01 stands twice, as revisions 1 and 1.",
        "A correction of a version stands below it with `revision = 2`.",
    ),
    (
        "interest_rates.toml",
        "effective_from = 1990-01-01",
        "effective_from = 2000-01-01",
        "Days from 1990-01-01 through 1999-12-31 have no rate, and a debt may fall due on any of them.",
        "Begin the first version on 1990-01-01, with 0.00 if need be.",
    ),
    (
        "court.toml",
        'state_fee_cents_min = "Не',
        'state_fee_minimum = "Не',
        "`uncertain` names `state_fee_minimum`, which is no key here.",
        "Name a key of this version, or delete the line.",
    ),
    (
        "agreements.toml",
        'reason = "',
        'reason = ""  # ',
        "`reason` says nothing.",
        'Write `reason = "..."`: why the',
    ),
    (
        "agreements.toml",
        "effective_from = 1990-01-01",
        "effective_from = 1990-01-01\nrevision = 0",
        "`revision` is 0, not 1, 2, 3.",
        "Number the corrections of a day.",
    ),
    (
        "agreements.toml",
        "effective_from = 1990-01-01",
        "effective_from = 1990-01-01\nrevision = 2",
        "The first version has a revision beyond 1.",
        "Begin with 1, or leave it out.",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "problem", "cure"), REFUSALS)
def test_a_wrong_line_is_named_with_its_cure(
    tmp_path: Path, file: str, old: str, new: str, problem: str, cure: str
) -> None:
    message = _broken(tmp_path, file, old, new)
    assert problem in message
    assert cure in message
    assert message.startswith(f"{file}:")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("agreements.toml", "grace_days = 3", "grace_days = -1"),
        ("stages.toml", "amount_cents_min = 10000\nafter", 'amount_cents_min = "1"\nafter'),
        ("reminders.toml", "post = 500", "post = -500"),
        ("interest_rates.toml", "rate_percent = 13.12", "rate_percent = 1312"),
        ("court.toml", "state_fee_percent = 2.00", "state_fee_percent = 0.02"),
    ],
)
def test_the_line_is_that_of_the_key(tmp_path: Path, file: str, old: str, new: str) -> None:
    assert _broken(tmp_path, file, old, new).startswith(f"{file}:{_line(file, old)}:")


@pytest.mark.parametrize(
    ("file", "old", "key"),
    [
        ("agreements.toml", "grace_days = 3\n", "grace_days"),
        ("agreements.toml", "source = ", "source"),
        ("agreements.toml", "reason = ", "reason"),
        ("agreements.toml", "effective_from = 1990-01-01\n", "effective_from"),
        ("stages.toml", "served_days_min = 15\n", "final_warning.served_days_min"),
        ("stages.toml", 'after_notice = "final_warning"\n', "court_bound.after_notice"),
        ("reminders.toml", "post = 500\n", "amount_cents_min.post"),
        ("agreements.toml", 'selected_by = "as_of"\n', "selected_by"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, file: str, old: str, key: str) -> None:
    assert f"`{key}` is missing." in _broken(tmp_path, file, old, "" if "\n" in old else "# ")


def test_a_missing_key_is_shown_at_its_table(tmp_path: Path) -> None:
    message = _broken(tmp_path, "stages.toml", "served_days_min = 15\n", "")
    assert message.startswith(f"stages.toml:{_line('stages.toml', '[version.final_warning]')}:")


def test_the_first_stage_waits_for_no_notice(tmp_path: Path) -> None:
    first = "amount_cents_min = 100\n"
    message = _broken(tmp_path, "stages.toml", first, f"{first}served_days_min = 3\n")
    assert "`overdue.served_days_min` has no effect" in message


def test_selected_by_another_date_is_refused(tmp_path: Path) -> None:
    message = _broken(tmp_path, "interest_rates.toml", '"accrual_day"', '"as_of"')
    assert message.startswith(f"interest_rates.toml:{_line('interest_rates.toml', 'selected_by')}:")
    assert 'Write `selected_by = "accrual_day"`' in message


def test_a_key_outside_a_version_is_refused(tmp_path: Path) -> None:
    message = _broken(tmp_path, "agreements.toml", "[[version]]", "grace_days = 2\n[[version]]")
    assert "`grace_days` stands outside a version." in message


def test_a_file_without_versions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agreements.toml").write_text('selected_by = "as_of"\n', "utf-8")
    with pytest.raises(
        DunningError, match=r"agreements\.toml: There is no version\. Add one under"
    ):
        load_policy(tmp_path)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    message = _broken(tmp_path, "agreements.toml", "grace_days = 3", "grace_days = ")
    assert message.startswith(
        f"agreements.toml:{_line('agreements.toml', 'grace_days = 3')}: This is not TOML:"
    )


def test_another_encoding_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "agreements.toml").write_bytes(
        (BUILT_IN / "agreements.toml").read_text("utf-8").encode("cp1251")
    )
    with pytest.raises(
        DunningError, match=r"agreements\.toml:6: This line is not UTF-8\. Save the file as UTF-8\."
    ):
        load_policy(tmp_path)


def test_more_findings_are_counted(tmp_path: Path) -> None:
    message = _broken(tmp_path, "reminders.toml", "sms = 100\nemail = 100", "sms = -1\nemail = -1")
    assert "(1 more: see `dunning policy check`)" in message


def test_a_folder_may_hold_only_some_files(tmp_path: Path) -> None:
    text = (BUILT_IN / "agreements.toml").read_text("utf-8")
    (tmp_path / "agreements.toml").write_text(
        text.replace("grace_days = 3", "grace_days = 5"), "utf-8"
    )
    day = date(2026, 11, 22)
    mine, built_in = load_policy(tmp_path).at(day), load_policy().at(day)
    assert (mine.agreements.grace_days, built_in.agreements.grace_days) == (5, 3)
    assert mine.stages == built_in.stages
    assert mine.version != built_in.version


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no rule file"),
        (("stage.toml",), "stage.toml is no rule file"),
    ],
)
def test_a_folder_that_is_no_policy_is_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    for name in names:
        (tmp_path / name).write_text("", "utf-8")
    with pytest.raises(DunningError, match=message):
        load_policy(tmp_path)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DunningError, match="There is no policy folder"):
        load_policy(tmp_path / "absent")


def test_the_files_of_a_run_read_back_as_the_same_policy() -> None:
    policy = load_policy()
    again = read_policy(policy.files())
    assert again.at(date(2026, 11, 22)) == policy.at(date(2026, 11, 22))
    assert again.hashes() == policy.hashes()


def test_a_run_before_a_rule_came_is_read_with_the_built_in_one() -> None:
    policy = load_policy()
    files = {
        file: data
        for file, data in policy.files().items()
        if file.removesuffix(".toml") not in CAME_LATER
    }
    assert len(files) == len(policy.files()) - 5
    assert read_policy(files).at(date(2026, 11, 22)) == policy.at(date(2026, 11, 22))


def test_the_line_of_a_key_below_a_drawing_is_its_own(tmp_path: Path) -> None:
    old = 'receipt_url = "https://'
    message = _broken(tmp_path, "profile.toml", old, 'receipt_url = "http://')
    assert message.startswith(f"profile.toml:{_line('profile.toml', old)}:")


def test_a_kept_policy_with_a_file_gone_is_refused() -> None:
    files = load_policy().files()
    del files["stages.toml"]
    with pytest.raises(
        DunningError, match=r"stages\.toml: The file is missing\. Restore it from the run\."
    ):
        read_policy(files)


def test_values_are_exact_decimals() -> None:
    rule_file, _ = read_rule_file("interest_rates", (BUILT_IN / "interest_rates.toml").read_bytes())
    assert rule_file is not None
    assert rule_file.versions[-1].values == {"rate_percent": Decimal("10.15")}
    assert rule_file.versions[-1].uncertain.keys() == {"rate_percent"}
