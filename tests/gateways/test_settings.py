"""Settings: read once, absolute, and nothing but folders where folders belong."""

from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings, refuse_url


def test_defaults_stand_in_the_folder_where_the_command_was_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = Settings(
        tmp_path / ".dunning", None, tmp_path / ".dunning/snapshots", tmp_path / ".dunning/airflow"
    )
    assert expected == Settings.from_environment({})


def test_a_relative_home_is_made_absolute_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment(
        {"DUNNING_HOME": "здесь/my home", "DUNNING_SNAPSHOTS": "snapshots"}
    )
    monkeypatch.chdir("/")
    assert (tmp_path / "здесь/my home", tmp_path / "snapshots") == (
        settings.home,
        settings.snapshots,
    )


def test_what_is_empty_is_not_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    empty = {"DUNNING_HOME": "", "DUNNING_DATABASE_URL": "", "DUNNING_SNAPSHOTS": ""}
    assert Settings.from_environment({}) == Settings.from_environment(empty)


def test_another_process_reads_the_same_settings(tmp_path):
    url = "postgresql://clerk:secret@db/dunning"
    settings = Settings.from_environment(
        {"DUNNING_HOME": str(tmp_path), "DUNNING_DATABASE_URL": url}
    )
    assert settings == Settings.from_environment(settings.to_environment())


def test_a_password_is_not_shown():
    settings = Settings(Path("/h"), "postgresql://clerk:secret@db/dunning", Path("/s"), Path("/a"))
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("value", ["s3://bucket/prefix", "https://host/x", "file:///tmp/x"])
def test_a_url_in_place_of_a_folder_is_refused_in_one_line(value):
    with pytest.raises(DunningError) as refusal:
        refuse_url(value, "--out")
    scheme = value.split("://")[0]
    assert (
        str(refusal.value)
        == f"--out is an address ({scheme}://), which is not taken here; give a local folder."
    )


def test_an_address_that_is_as_good_as_a_folder_is_taken():
    refuse_url("S3://bucket/prefix", "--out", ("s3",))
    with pytest.raises(DunningError) as refusal:
        refuse_url("ftp://host/x", "--out", ("s3",))
    assert str(refusal.value) == (
        "--out is an address (ftp://), which is not taken here; give a local folder or an s3:// address."
    )


def test_snapshots_in_a_bucket_are_worked_on_in_the_home(tmp_path):
    given = {"DUNNING_HOME": str(tmp_path), "DUNNING_SNAPSHOTS": "s3://bucket/snapshots"}
    settings = Settings.from_environment(given)
    assert (settings.snapshots, settings.snapshot_store) == (
        tmp_path / "snapshots",
        "s3://bucket/snapshots",
    )
    assert Settings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize("name", ["DUNNING_HOME", "DUNNING_SNAPSHOTS"])
def test_folders_of_the_installation_are_no_other_addresses(name):
    with pytest.raises(DunningError, match=f"^{name} is an address"):
        Settings.from_environment({name: "ftp://host/x"})


@pytest.mark.parametrize("value", ["out", "/srv/out", "C:out", "a b/в"])
def test_a_folder_is_taken(value):
    refuse_url(value, "--out")
