"""What the operator settles for the DAGs: from the environment, from settings.toml, and no value in
any message.
"""

import os
from pathlib import Path

import pytest

from dunning.core.errors import DunningError, UsageError
from dunning.gateways.extracts import find_ledger
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.operator_settings import HouseSettings, read_house_settings

SECRET = "s3cr3t-w0rd"
FILE = """
ledger = "s3://billing/extract"
out = "lists"
mapping = "наш строеж.toml"
policy = "/srv/policy"
quarantine_limit = 0.05
shards = 3
"""


def read(home: Path, text: str = "", **env: str) -> HouseSettings:
    home.mkdir(parents=True, exist_ok=True)
    if text:
        (home / "settings.toml").write_text(text, "utf-8")
    return read_house_settings(
        Settings.from_environment({"DUNNING_HOME": str(home)}), env, home / "default"
    )


def test_without_any_it_is_the_sample_of_the_home(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.ledger, found.out) == (str(tmp_path / "sample"), str(tmp_path / "default"))
    assert (
        found.mapping,
        found.billing_sql,
        found.policy,
        found.quarantine_limit,
        found.last_look,
    ) == (None,) * 5
    assert found.shards == min(os.cpu_count() or 1, 64)


def test_a_scheduled_night_has_what_the_file_says(tmp_path: Path) -> None:
    found = read(tmp_path, FILE)
    assert found == HouseSettings(
        ledger="s3://billing/extract",
        out=str(tmp_path / "lists"),
        mapping=str(tmp_path / "наш строеж.toml"),
        billing_sql=None,
        policy="/srv/policy",
        quarantine_limit=0.05,
        last_look=None,
        shards=3,
    )


def test_less_of_what_protects_people_is_right_on_one_date_alone(tmp_path: Path) -> None:
    text = """
accept_shrunk = ["holds", "payers.life_support"]
accept_shrunk_reason = "изтекли са"
accept_shrunk_on = 2026-11-22
"""
    accepted = {"holds": "изтекли са", "payers.life_support": "изтекли са"}

    assert read(tmp_path, text).accept_shrunk == {"2026-11-22": accepted}
    assert read(tmp_path / "other").accept_shrunk == {}


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = read(
        tmp_path / "home",
        FILE,
        DUNNING_LEDGER="env:DUNNING_LEDGER_BILLING",
        DUNNING_BILLING_SQL="sql",
        DUNNING_OUT="",
        DUNNING_POLICY="p",
        DUNNING_QUARANTINE_LIMIT="0.2",
        DUNNING_SHARDS="8",
        DUNNING_LEDGER_LAST_LOOK="/srv/x",
        DUNNING_MAPPING="m",
    )
    assert found == HouseSettings(
        ledger="env:DUNNING_LEDGER_BILLING",
        out=str(tmp_path / "home" / "lists"),
        mapping=str(tmp_path / "m"),
        billing_sql=str(tmp_path / "sql"),
        policy=str(tmp_path / "p"),
        quarantine_limit=0.2,
        last_look="/srv/x",
        shards=8,
    )


@pytest.mark.parametrize(
    ("text", "env", "message"),
    [
        (f"ledger = {SECRET}", {}, "settings.toml is not TOML that can be read"),
        (f'leger = "{SECRET}"', {}, "`leger` means nothing here"),
        ("ledger = 7", {}, "`ledger` is not a text in quotes"),
        ('ledger = ""', {}, "`ledger` is not a text in quotes"),
        (f'quarantine_limit = "{SECRET}"', {}, "`quarantine_limit` is not a number"),
        ("quarantine_limit = 5", {}, "`quarantine_limit` .* is not a number from 0 to 1"),
        ("shards = true", {}, "`shards` is not a number"),
        (
            'accept_shrunk = ["holds"]\naccept_shrunk_on = 2026-11-22',
            {},
            "`accept_shrunk_reason` is missing",
        ),
        (
            'accept_shrunk = ["holds"]\naccept_shrunk_reason = "x"',
            {},
            "`accept_shrunk_on` is missing",
        ),
        (
            'accept_shrunk_reason = "x"\naccept_shrunk_on = 2026-11-22',
            {},
            "`accept_shrunk` is missing",
        ),
        (
            f'accept_shrunk = "{SECRET}"',
            {},
            "`accept_shrunk` is something else; it is a list of tables",
        ),
        ("accept_shrunk = []", {}, "`accept_shrunk` is something else"),
        (
            'accept_shrunk = ["holds"]\naccept_shrunk_reason = " "',
            {},
            "`accept_shrunk_reason` is something else",
        ),
        (
            'accept_shrunk = ["a"]\naccept_shrunk_reason = "x"\naccept_shrunk_on = 2026-11-22T00:00:00',
            {},
            "`accept_shrunk_on` is something else; it is a day",
        ),
        ("", {"DUNNING_SHARDS": SECRET}, "DUNNING_SHARDS. is not a number from 1 to 64"),
        ("", {"DUNNING_SHARDS": "65"}, "DUNNING_SHARDS. is not a number from 1 to 64"),
        (
            "",
            {"DUNNING_QUARANTINE_LIMIT": "nan"},
            "DUNNING_QUARANTINE_LIMIT. is not a number from 0 to 1",
        ),
    ],
)
def test_a_mistake_is_told_without_the_value(
    tmp_path: Path, text: str, env: dict[str, str], message: str
) -> None:
    with pytest.raises(DunningError, match=message) as refused:
        read(tmp_path, text, **env)
    assert SECRET not in str(refused.value)


def test_an_address_with_a_password_is_in_no_picture_of_the_settings(tmp_path: Path) -> None:
    address = f"postgresql://clerk:{SECRET}@db/billing"
    assert SECRET not in repr(
        read(tmp_path, DUNNING_LEDGER=address, DUNNING_LEDGER_LAST_LOOK=address)
    )


@pytest.mark.parametrize(
    "name",
    [
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__CORE__FERNET_KEY",
        "PATH",
        "HOME",
        "DUNNING_SIGN_PASSWORD",
        "DUNNING_RECEIPT_KEY",
        "DUNNING_DATABASE_URL",
        "DUNNING_LEDGERS",
        "dunning_ledger",
        "XDUNNING_LEDGER",
        "DUNNING_LEDGER\n",
        "",
    ],
)
def test_no_variable_but_ours_is_looked_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name:
        monkeypatch.setenv(name, f"/srv/{SECRET}")
    with pytest.raises(
        UsageError, match="only variables whose names begin with DUNNING_LEDGER are"
    ) as refused:
        find_ledger(f"env:{name}")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [SECRET, f"/srv/{SECRET}", f"env:{SECRET}", "env:DUNNING_LEDGER_X", f"https://{SECRET}"],
)
def test_what_a_variable_of_ours_holds_is_not_shown_where_it_is_no_ledger(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNNING_LEDGER_X", value)
    with pytest.raises(
        UsageError, match="The environment variable DUNNING_LEDGER_X holds neither"
    ) as refused:
        find_ledger("env:DUNNING_LEDGER_X")
    assert SECRET not in str(refused.value)


def test_a_variable_of_ours_gives_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("DUNNING_LEDGER", str(tmp_path)),
        ("DUNNING_LEDGER_BILLING", "postgresql://db/billing"),
    ):
        monkeypatch.setenv(name, value)
        assert find_ledger(f"env:{name}") == value
