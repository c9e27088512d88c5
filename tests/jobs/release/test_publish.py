"""What leaves: as it was looked at, once, by whose approval, and what is recorded of it."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import connect
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import releases
from dunning.jobs.release import offer, publish, recall
from tests.jobs.nights import AS_OF, days, dunning, hashes, history, nightly, read_csv, say_fresh
from tests.jobs.release.releases import (
    APPROVERS,
    before_or_after,
    deeds_of,
    killed_while_publishing,
    ledger,
    own_policy,
    premises,
    release,
    released,
    reply,
    strike,
)
from tests.world import World, premise_of


def test_an_approved_list_leaves_as_it_was_looked_at(night: Path, engine: Engine) -> None:
    told = release("disconnections", reply())
    assert (told["state"], told["rows"], told["cents"], told["dropped"]) == (
        "released",
        3,
        36000,
        0,
    )
    folder = released(night, "disconnections")
    for name in ("disconnections.csv", "disconnections.parquet", "disconnections.xlsx"):
        assert (folder / name).read_bytes() == (night / name).read_bytes()
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 2, 3)]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["answer"] == {"answer": "approved", "by": "head", "note": ""}
    assert hashes(folder) == {**manifest["files"], "manifest.json": hashes(folder)["manifest.json"]}


def test_a_case_leaves_with_its_items(night: Path, engine: Engine) -> None:
    told = release("court", reply(by="legal"))
    listed = json.loads((night / "manifest.json").read_bytes())["lists"]["court"]
    assert (told["rows"], told["cents"]) == (listed["rows"], listed["cents"])
    for name in (
        f"{path}.{end}" for path in ("court", "court_items") for end in ("csv", "parquet", "xlsx")
    ):
        assert (released(night, "court") / name).read_bytes() == (night / name).read_bytes()
    assert deeds_of(engine, "court") == [(premise_of(4), "done")]


def test_only_ready_cases_leave(reviewed: Path, tmp_path: Path, engine: Engine) -> None:
    told = release("court", reply(by="legal"), on=days(1))
    assert (told["rows"], told["dropped"], deeds_of(engine, "court")) == (
        1,
        0,
        [(premise_of(4), "done")],
    )
    assert [
        row["premise_no"] for row in read_csv(released(reviewed, "court") / "court.csv")
    ] == premises(4)
    items = read_csv(released(reviewed, "court") / "court_items.csv")
    assert {row["case_ref"] for row in items} == {f"C-20261122-{premise_of(4)}-P4"}
    following = nightly(tmp_path / "ledger", tmp_path / "out", AS_OF)
    parts = {row["premise_no"]: row["part"] for row in following.csv("court")}
    assert parts == {premise_of(4): "ready", premise_of(5): "person", premise_of(6): "person"}


def test_a_list_of_cases_for_a_person_alone_waits_for_no_approval(
    home: Path, tmp_path: Path
) -> None:
    made = World().account(5, ("2026-01-20", "200.00"), disconnectable="no")
    made.notice(5, "overdue", "2026-05-01", "2026-05-03").notice(
        5, "final_warning", "2026-09-01", "2026-09-03"
    )
    made.rows["payers"][-1]["national_id"] = ""
    night = nightly(say_fresh(made.write(tmp_path / "ledger"), AS_OF), tmp_path / "out")
    assert ([row["part"] for row in night.csv("court")], offer.run()) == (["person"], {})


def test_a_second_run_does_nothing_twice(night: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    publish.run(waits, reply(), on=AS_OF)
    before = (
        history(engine),
        hashes(released(night, "disconnections")),
        releases.fetch_answers(engine, AS_OF),
    )
    again = publish.run(waits, reply(), on=AS_OF)
    assert (again["state"], again["rows"]) == ("released", 3)
    assert (
        history(engine),
        hashes(released(night, "disconnections")),
        releases.fetch_answers(engine, AS_OF),
    ) == before


@pytest.mark.parametrize(("answer", "by"), [("rejected", "head"), ("expired", "никой")])
def test_without_approval_nothing_leaves_and_that_is_recorded(
    night: Path, engine: Engine, answer: str, by: str
) -> None:
    told = release("disconnections", reply(answer, by, "не днес"))
    assert (
        told["state"],
        deeds_of(engine, "field"),
        released(night, "disconnections").exists(),
    ) == (answer, [], False)
    (kept,) = releases.fetch_answers(engine, AS_OF)
    assert (kept.answer, kept.by_user, kept.note, kept.row_count) == (answer, by, "не днес", 3)
    standing = {each.list_name: each.state for each in releases.fetch_releases(engine, AS_OF)}
    assert standing["disconnections"] == answer


def test_what_was_rejected_cannot_be_approved_afterwards(night: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    publish.run(waits, reply("rejected"), on=AS_OF)
    with pytest.raises(DunningError, match="was answered already: rejected by head"):
        publish.run(waits, reply(), on=AS_OF)
    assert deeds_of(engine, "field") == []


@pytest.mark.parametrize("by", ["legal", "adviser", "nobody at all"])
def test_who_may_not_approve_releases_nothing(night: Path, engine: Engine, by: str) -> None:
    with pytest.raises(
        DunningError, match=f"{by} may not approve the list disconnections; head may"
    ):
        release("disconnections", reply(by=by))
    assert (deeds_of(engine, "field"), releases.fetch_answers(engine, AS_OF)) == ([], [])


def test_nothing_leaves_without_asking_where_people_are_named(
    night: Path, home: Path, engine: Engine
) -> None:
    with pytest.raises(DunningError, match="only where nobody is named, and 2 are"):
        release("disconnections", reply("automatic", "auto_approve"))
    (home / "people.toml").unlink()
    with pytest.raises(DunningError, match="is not of the sample in this home"):
        release("disconnections", reply("automatic", "auto_approve"))
    assert deeds_of(engine, "field") == []


def test_the_list_of_an_older_night_is_refused(night: Path, tmp_path: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    assert nightly(newer, tmp_path / "out", days(1)).code == 0
    with pytest.raises(DunningError, match="were replaced by those of 2026-11-23"):
        publish.run(waits, reply(), on=AS_OF)
    assert deeds_of(engine, "field") == []
    assert (offer.is_replaced(AS_OF), offer.is_replaced(days(1))) == (True, False)


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_a_file_that_was_changed_is_not_released(night: Path, engine: Engine, end: str) -> None:
    path = night / f"disconnections.{end}"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DunningError, match="was changed since it was published"):
        release("disconnections", reply())
    assert deeds_of(engine, "field") == []


def test_what_was_handed_over_is_not_proposed_again(night: Path, tmp_path: Path) -> None:
    release("disconnections", reply())
    release("court", reply(by="legal"))
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    following = nightly(newer, tmp_path / "out", days(1))
    assert (
        following.csv("disconnections"),
        following.csv("court"),
        following.csv("court_items"),
    ) == ([], [], [])
    held = {
        (row["list"], row["premise_no"])
        for row in following.csv("withheld")
        if row["reason"] == "acted"
    }
    assert held == {
        ("court", premise_of(4)),
        *(("disconnections", number) for number in premises(1, 2, 3)),
    }


@before_or_after
def test_killed_while_publishing_and_run_again_is_as_if_never_killed(
    night: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, is_out: bool
) -> None:
    waits = offer.find_waiting()["disconnections"]
    with killed_while_publishing(monkeypatch, is_out):
        publish.run(waits, reply(), on=AS_OF)
    assert {state for _, state in deeds_of(engine, "field")} == {"intended"}
    assert publish.run(waits, reply(), on=AS_OF)["state"] == "released"
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 2, 3)]
    assert len(releases.fetch_answers(engine, AS_OF)) == 1
    assert (released(night, "disconnections") / "manifest.json").is_file()


def test_a_night_that_began_before_a_release_does_not_close_without_knowing_it(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    from dunning.jobs.nightly import classify, close, load, propose, write

    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    run = load.run(days(1).isoformat(), str(newer), str(tmp_path / "out"))
    propose.run(run, [classify.run(run)])
    write.run(run)
    release("disconnections", reply())
    with pytest.raises(DunningError, match="Something was released or recalled while this run"):
        close.run(run)
    assert nightly(newer, tmp_path / "out", days(1)).csv("disconnections") == []


def test_what_was_recorded_stays(night: Path, engine: Engine) -> None:
    strike(engine, 2)
    release("court", reply(by="legal"))
    recall.run(AS_OF, "court", "legal", "грешка")
    for table in ("answers", "holds", "recalled_rows", "recalls", "releases"):
        for verb in (
            f"DELETE FROM dunning.{table}",
            f"UPDATE dunning.{table} SET list_name = 'court'",
        ):
            with (
                pytest.raises(Exception, match="recorded once and stay"),
                engine.begin() as connection,
            ):
                connection.execute(text(verb))


def test_by_command_it_is_the_same(night: Path, home: Path, engine: Engine) -> None:
    shown = dunning("release", "--as-of", AS_OF.isoformat())
    assert shown.printed.startswith("Списък за прекъсване към 22.11.2026 г.: 3 реда, 360,00 €")
    unexplained = dunning("release", "--as-of", AS_OF.isoformat(), "--list", "court")
    assert (unexplained.code, len(unexplained.messages)) == (2, 1)
    day = AS_OF.isoformat()
    done = dunning(
        "release", "--as-of", day, "--list", "court", "--approved-by", "legal", "--on", day
    )
    assert done.result[-1] == "Съдебни дела: излезли 1 ред за 338,66 €."
    taken = dunning(
        "recall",
        "--as-of",
        AS_OF.isoformat(),
        "--list",
        "court",
        "--reason",
        "проба",
        "--by",
        "legal",
    )
    assert (taken.code, taken.messages) == (0, [])
    assert deeds_of(engine, "court") == [(premise_of(4), "done")]


def test_only_so_many_leave_at_once_the_most_urgent_first(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    policy = own_policy(tmp_path, "disconnections = 200", "disconnections = 2")
    made = ledger()
    made.invoice(3, "2026-07-20", "30.00")  # the oldest debt of the three
    folder = say_fresh(made.write(tmp_path / "ledger"), AS_OF)
    assert nightly(folder, tmp_path / "out", AS_OF, "--policy", str(policy)).code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    assert release("disconnections", reply())["rows"] == 2
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 3)]


def test_an_unusual_night_sends_nothing_before_a_person_has_looked(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    policy = own_policy(tmp_path, "sms = 150000", "sms = 1")
    folder = say_fresh(ledger().write(tmp_path / "ledger"), AS_OF)
    night = nightly(folder, tmp_path / "out", AS_OF, "--policy", str(policy))
    rows = night.csv("reminders/sms")
    assert night.manifest["unusual"] == [f"SMS: {len(rows)}, над границата от 1."]
    assert deeds_of(engine, "sms") == []
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    assert list(offer.run()) == ["reminders", "disconnections", "court"]
    assert offer.run()["court"]["unusual"] == night.manifest["unusual"]
    release("reminders", reply())
    assert deeds_of(engine, "sms") == [(row["premise_no"], "done") for row in rows]
    assert read_csv(released(night.folder, "reminders") / "reminders" / "sms.csv") == rows


def test_an_engine_of_the_home_sees_what_the_release_recorded(night: Path) -> None:
    release("disconnections", reply(note="видях"))
    engine = connect(Settings.from_environment(), "test")
    (kept,) = releases.fetch_answers(engine, AS_OF)
    out = releases.fetch_released(engine, AS_OF)["disconnections"]
    named = ("disconnections.csv", "disconnections.parquet")
    hashed = {name: hashlib.sha256((night / name).read_bytes()).hexdigest() for name in named}
    assert (kept.by_user, kept.note, kept.files) == ("head", "видях", hashed)
    assert out.event_no is not None
    engine.dispose()
