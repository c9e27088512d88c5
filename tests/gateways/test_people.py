"""The settings file of the people: who works as what, who may approve, and every mistake with its
cure.
"""

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import (
    PersonSettings,
    approvers_of,
    find_settings,
    read_people,
)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write people.toml of a home and read it."""
    monkeypatch.delenv("DUNNING_PEOPLE", raising=False)

    def write(content):
        (tmp_path / "people.toml").write_text(content, "utf-8")
        return read_people(Settings.from_environment({"DUNNING_HOME": str(tmp_path)}))

    return write


def test_without_a_file_there_is_nobody(tmp_path):
    assert read_people(Settings.from_environment({"DUNNING_HOME": str(tmp_path)})) == {}


def test_people_are_read_with_what_they_may_approve(write):
    ani = '[people.ani]\nrole = "legal"\napproves = ["court"]\nairflow_id = "7"\n'
    people = write(ani + '[people.bo]\nrole = "viewer"\n')
    assert people == {
        "ani": PersonSettings("ani", "legal", ("court",), "7"),
        "bo": PersonSettings("bo", "viewer", (), "bo"),
    }
    assert approvers_of(people, "court") == [people["ani"]]
    assert approvers_of(people, "disconnections") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[people.ani\n", r"line 1"),
        ('[persons.ani]\nrole = "legal"', r"only tables \[people.NAME\] may stand here"),
        (
            '[people.ani]\nrole = "boss"',
            r"\[people.ani\]: `role` is 'boss'; write one of viewer, adviser",
        ),
        ('[people.ani]\nroles = "legal"', r"may hold airflow_id, approves, role and nothing else"),
        (
            '[people.ani]\nrole = "legal"\napproves = "court"',
            r"`approves` is 'court'; write a list",
        ),
        ('[people.ani]\nrole = "legal"\napproves = ["jail"]', r"`approves` is \['jail'\]"),
        (
            '[people.ani]\nrole = "legal"\nairflow_id = 7',
            r"`airflow_id` is 7; write a text in quotes",
        ),
        ('[people.7]\nrole = "legal"', r"\[people.7\]: the user name is a number"),
        (
            '[people.a]\nrole = "legal"\n[people.b]\nrole = "viewer"\nairflow_id = "a"',
            r"have the same `airflow_id`",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(write, content, message):
    with pytest.raises(DunningError, match=rf"people\.toml.*{message}"):
        write(content)


def test_another_place_may_be_named(tmp_path, monkeypatch):
    (tmp_path / "others.toml").write_text('[people.ani]\nrole = "admin"\n', "utf-8")
    monkeypatch.setenv("DUNNING_PEOPLE", str(tmp_path / "others.toml"))
    assert list(
        read_people(Settings.from_environment({"DUNNING_HOME": str(tmp_path / "home")}))
    ) == ["ani"]


@pytest.mark.parametrize(
    ("airflow_id", "name", "found"),
    [
        ("7", "ani", "ani"),
        ("7", "somebody", "ani"),  # renamed in Airflow
        ("8", "ani", None),  # another user, who has her name now
        ("bo", "bo", "bo"),
        ("9", "bo", "bo"),  # no id is written for bo
        ("9", "nobody", None),
    ],
)
def test_a_user_of_airflow_has_the_settings_of_his_id(write, airflow_id, name, found):
    people = write('[people.ani]\nrole = "legal"\nairflow_id = "7"\n[people.bo]\nrole = "viewer"\n')
    settings = find_settings(people, airflow_id, name)
    assert (settings and settings.user_name) == found
