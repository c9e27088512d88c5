"""The monthly notices from a kept night: everyone once, files that agree with each other, one
effect however often.
"""

import hashlib
import re
import stat
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.core.errors import DunningError
from dunning.gateways.files.receipt_key import open_receipt_key
from dunning.jobs.monthly import begin, gather, month, plan, publish, render, report
from dunning.policy.policies import BUILT_IN, load_policy
from tests.jobs.nights import AS_OF, Night, contents, days, dunning, hashes, nightly, say_fresh
from tests.jobs.notices import (
    KEY,
    crowd,
    expected_references,
    folder_of,
    index_of,
    mails_of,
    notices,
    recorded,
    references_of,
)
from tests.kept_nights import Keep, close_nights
from tests.world import World

FROZEN = (
    "email/notice.v2.bg.txt",
    "email/notice.v2.en.txt",
    "notice/notice.v2.bg.txt",
    "notice/notice.v2.en.txt",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The crowd's ledger, fresh for every night of a year."""
    return say_fresh(crowd().write(tmp_path / "ledger"))


def _close(folder: Path) -> None:
    close_nights(crowd(), folder)


@pytest.fixture
def night(
    kept: Keep, home: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Night:
    """A closed night of the crowd."""
    monkeypatch.setenv("DUNNING_RECEIPT_KEY", KEY)
    return kept(_close).restore(engine, tmp_path)


def test_everyone_gets_one_and_the_files_agree(
    night: Night, engine: Engine, home: Path, tmp_path: Path
) -> None:
    run = notices(tmp_path / "out")
    files = hashes(run.folder)
    manifest = files.pop("manifest.json")

    assert (run.code, run.told) == (0, "")
    assert references_of(run) == expected_references()
    assert run.manifest["files"] == files
    assert run.manifest["notices"] == {"email": 12, "post": len(references_of(run)) - 12}
    assert len(mails_of(run)) == 12
    assert {
        stat.S_IMODE(path.stat().st_mode) for path in run.folder.rglob("*") if path.is_file()
    } == {0o600}
    assert list((home / "work").iterdir()) == []
    (kept,) = recorded(engine)["runs"]
    assert kept[:7] == (
        AS_OF,
        "electricity",
        date(2026, 10, 13),
        "done",
        len(references_of(run)),
        0,
        manifest,
    )
    assert f"Папка: {run.folder}" in run.printed


def test_the_manifest_says_what_it_was_made_of(night: Night, tmp_path: Path) -> None:
    told = notices(tmp_path / "out").manifest
    overdue = sum(number * 100 for number in range(1, 41) if number % 2)

    assert {name: told[name] for name in ("as_of", "service", "since", "is_signed", "plain")} == {
        "as_of": "2026-11-22",
        "service": "electricity",
        "since": "2026-10-13",
        "is_signed": False,
        "plain": 0,
    }
    assert told["overdue_cents"] == overdue
    assert told["total_cents"] == overdue + sum(
        number * 100 + 10 for number in range(1, 41) if number % 5
    )
    assert told["ledger"]["fingerprint"] == night.manifest["ledger"]["fingerprint"]
    assert told["policy"] == night.manifest["policy"]
    assert tuple(told["wording"]) == FROZEN
    assert told["withheld"] == {"rows": 0, "reasons": {}}


def test_letters_lie_by_district_and_every_page_is_somebodys(night: Night, tmp_path: Path) -> None:
    run = notices(tmp_path / "out")
    rows = index_of(run)
    by_file: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)

    assert list(by_file) == ["0001-Zapad.pdf", "0002-Iztok.pdf", "0003-Lyulin-3.pdf"]
    assert [{row["district"] for row in some} for some in by_file.values()] == [
        {"Запад"},
        {"Изток"},
        {"Люлин 3"},
    ]
    for file, some in by_file.items():
        assert (run.folder / "print" / file).read_bytes()[:5] == b"%PDF-"
        pages = [
            page for row in some for page in range(int(row["page_from"]), int(row["page_to"]) + 1)
        ]
        assert pages == list(range(1, len(pages) + 1))
        routes = [row["route"] for row in some]
        assert routes == sorted(routes)
        assert [row["route"] for row in some if row["kind"] == "separator"] == sorted(set(routes))
    assert run.manifest["pages"] == sum(int(some[-1]["page_to"]) for some in by_file.values())


def test_print_files_have_no_more_pages_than_the_policy_says(night: Night, tmp_path: Path) -> None:
    policy = policy_with(tmp_path, "batch_pages_max = 5000", "batch_pages_max = 4")
    run = notices(tmp_path / "small", "--policy", str(policy))
    pages: dict[str, int] = {}
    for row in index_of(run):
        pages[row["file"]] = max(pages.get(row["file"], 0), int(row["page_to"]))

    assert (run.code, run.told) == (0, "")
    assert len(pages) > 6
    assert max(pages.values()) <= 4
    assert references_of(run) == expected_references()


def test_an_email_names_its_file_and_nothing_that_a_neighbour_could_read(
    night: Night, engine: Engine, home: Path, tmp_path: Path
) -> None:
    run = notices(tmp_path / "out")
    tokens = {row[0]: row for row in recorded(engine)["tokens"]}
    url = load_policy().at(AS_OF).profile.receipt_url
    assert url.startswith("https://")
    for row in mails_of(run):
        number = int(row["reference"].split("-")[2])
        assert row["address"] == f"p{number}@example.com"
        assert row["subject"] == f"Съобщение за електрическа енергия по абонатен № …{number:04d}"
        assert row["file"] == f"email/{row['reference']}.pdf"
        assert row["sha256"] == hashlib.sha256((run.folder / row["file"]).read_bytes()).hexdigest()
        assert row["send_until"] == "2026-11-23"
        (token,) = re.findall(rf"{re.escape(url)}(\S+)", row["text"])
        assert token == open_receipt_key(home).token(row["reference"])
        kept = tokens.pop(hashlib.sha256(token.encode()).hexdigest())
        assert kept[1:] == (
            row["reference"],
            AS_OF,
            "electricity",
            row["sha256"],
            date(2027, 1, 21),
            None,
        )
        assert not re.search(r"Росица|Мнима|€|\d,\d\d", row["text"] + row["subject"])
    assert tokens == {}


def test_nobody_is_named_on_the_way(night: Night, tmp_path: Path) -> None:
    """What the steps tell each other may stand in a log: no number, name or address of anybody."""
    begun = begin.run("2026-11-22", str(tmp_path / "out"), "electricity")
    parts = [gather.run(begun, shard, 3) for shard in range(3)]
    planned = plan.run(begun, parts)
    rendered = [render.run(begun, part, 2) for part in range(2)]
    published = publish.run(begun, planned)
    told = report.run(begun, published)

    assert [sum(part["notices"] for part in some) for some in (parts, rendered)] == [
        len(expected_references())
    ] * 2
    assert (published["state"], told["folder"]) == ("done", str(folder_of(tmp_path / "out")))
    said = repr((begun, parts, planned, rendered, published, told))
    assert not re.search(r"Росица|Мнима|example\.com|ул\. |\b0000\d\d\b|\bP\d+\b", said)


def test_any_number_of_shards_and_processes_gives_the_same_bytes(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = notices(tmp_path / "out")
    monkeypatch.setattr(month, "FEW", 0)
    others = [notices(tmp_path / shards, "--dry-run", "--shards", shards) for shards in ("5", "64")]

    assert [run.code for run in (one, *others)] == [0, 0, 0]
    assert [hashes(run.folder) for run in others] == [hashes(one.folder)] * 2


def test_two_runs_have_one_effect(night: Night, engine: Engine, home: Path, tmp_path: Path) -> None:
    first = notices(tmp_path / "out")
    before, files = contents(engine), hashes(first.folder)
    (first.folder / "manifest.json").unlink()
    (first.folder / "email.csv").write_text("harmed", "utf-8")
    again, elsewhere = notices(tmp_path / "out"), notices(tmp_path / "elsewhere")

    assert (again.code, elsewhere.code) == (0, 0)
    assert hashes(again.folder) == hashes(elsewhere.folder) == files
    assert contents(engine) == before
    assert "същото съдържание, което вече е отбелязано като изпратено" in again.printed
    assert list((home / "work").iterdir()) == []


def test_other_bytes_never_take_the_place_of_what_was_sent(
    night: Night, engine: Engine, tmp_path: Path
) -> None:
    first = notices(tmp_path / "out")
    before, files = contents(engine), hashes(first.folder)
    policy = str(policy_with(tmp_path, "batch_pages_max = 5000", "batch_pages_max = 10"))
    refused, elsewhere = (
        notices(tmp_path / "out", "--policy", policy),
        notices(tmp_path / "other", "--policy", policy),
    )

    assert (refused.code, refused.messages) == (
        1,
        [
            f"dunning: The files are not those that were sent on 2026-11-22, and {first.folder} is where those lie. "
            "They were left as they are. Give --out another folder to see what would be written today."
        ],
    )
    assert hashes(first.folder) == files
    assert (elsewhere.code, "това не са файловете, които са изпратени" in elsewhere.printed) == (
        0,
        True,
    )
    assert contents(engine) == before


def test_a_dry_run_writes_files_and_records_nothing(
    night: Night, engine: Engine, tmp_path: Path
) -> None:
    before = contents(engine)
    dry = notices(tmp_path / "dry", "--dry-run")
    after = contents(engine)
    real = notices(tmp_path / "out")

    assert (dry.code, after == before) == (0, True)
    assert "нищо не е отбелязано като изпратено" in dry.printed
    assert hashes(dry.folder) == hashes(real.folder)


def test_a_dry_run_where_the_real_one_comes_leaves_nothing_of_its_own(
    night: Night, tmp_path: Path
) -> None:
    policy = policy_with(tmp_path, "batch_pages_max = 5000", "batch_pages_max = 4")
    dry = notices(tmp_path / "out", "--dry-run", "--policy", str(policy))
    real = notices(tmp_path / "out")

    assert (dry.code, real.code) == (0, 0)
    assert {*hashes(real.folder)} - {"manifest.json"} == {*real.manifest["files"]}


def test_the_next_month_tells_what_came_since(night: Night, ledger: Path, tmp_path: Path) -> None:
    """What was new on the 22nd is not new a day later; who has only bills that are not new and not
    open gets none.
    """
    notices(tmp_path / "out")
    assert nightly(ledger, tmp_path / "out", days(1)).code == 0
    run = notices(tmp_path / "out", as_of=days(1))
    again = notices(tmp_path / "out")

    assert (run.code, run.manifest["since"]) == (0, "2026-11-22")
    assert (again.code, again.manifest["since"]) == (0, "2026-10-13")


def test_who_cannot_be_reached_is_withheld_with_the_reason(home: Path, tmp_path: Path) -> None:
    ledger = (
        World()
        .account(1, ("2026-12-14", "10.00"), phone=False)
        .account(2, ("2026-12-14", "20.00"), phone=False)
    )
    ledger.account(3, ("2026-12-14", "30.00"), phone=False)
    ledger.rows["payers"][1] |= {"postal_address": "", "postal_settlement": ""}
    ledger.rows["tenancies"][1]["valid_until"] = "2026-11-20"
    ledger.hold(3)
    ledger.rows["holds"][0]["valid_from"] = "никога"
    nightly(
        say_fresh(ledger.write(tmp_path / "ledger")),
        tmp_path / "out",
        AS_OF,
        "--quarantine-limit",
        "holds=1",
    )
    run = notices(tmp_path / "out")

    assert run.code == 0, run.told
    assert [(row["premise_no"], row["reason"]) for row in run.csv("withheld")] == [
        ("000002", "no_address"),
        ("000003", "refused_evidence"),
    ]
    assert references_of(run) == ["20261122-NP-000001-P1"]
    assert run.manifest["withheld"] == {
        "rows": 2,
        "reasons": {"no_address": 1, "refused_evidence": 1},
    }
    assert "задържани: 2 (няма адрес: 1; отказан ред от данните засяга партидата: 1)" in run.printed


def test_a_night_whose_books_are_open_only_writes_files(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out", AS_OF, "--dry-run")
    run = notices(tmp_path / "out")

    assert (run.code, recorded(engine)) == (0, {"runs": [], "tokens": [], "templates": []})
    assert "Книгите на този ден не са приключени" in run.printed


def test_a_night_that_protected_nobody_is_refused(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    whole = say_fresh(crowd().hold(2).write(tmp_path / "whole"))
    missing = say_fresh(crowd().hold(2).write(tmp_path / "missing", without=("holds",)))
    nightly(whole, tmp_path / "out", days(-1))
    nightly(missing, tmp_path / "out")
    refused, dry = notices(tmp_path / "out"), notices(tmp_path / "dry", "--dry-run")

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert (
        "Tables that protect people (holds) were missing or had shrunk on the night of 2026-11-22"
        in refused.told
    )
    assert not folder_of(tmp_path / "out").exists()
    assert dry.code == 0


def test_a_date_without_a_night_is_refused(
    night: Night, engine: Engine, home: Path, tmp_path: Path
) -> None:
    before = contents(engine)
    refused = notices(tmp_path / "out", as_of=days(1))

    assert (refused.code, refused.printed.count("\n"), refused.messages) == (
        1,
        1,
        [
            "dunning: No run of 2026-11-23 is known here, so there is nothing to look at. "
            "Run `dunning nightly --ledger DIR --as-of 2026-11-23` first, with the extract of that day."
        ],
    )
    assert contents(engine) == before
    assert not (tmp_path / "out" / "notices").exists()


def test_a_service_that_nobody_has(night: Night, tmp_path: Path) -> None:
    """Named, it is refused; among all of them it is left out and said."""
    named = notices(tmp_path / "out", service="heat")
    out = tmp_path / "out"
    every = dunning("notices", "--as-of", "2026-11-22", "--out", str(out), folder=folder_of(out))

    assert (named.code, named.messages) == (
        1,
        ["dunning: No premise in the ledger of 2026-11-22 has heat, so nobody gets a notice."],
    )
    assert every.code == 0
    assert every.printed.startswith(
        "Без съобщения: в извлечението няма нито един имот за топлоенергия.\n"
    )
    assert references_of(every) == expected_references()


@pytest.mark.parametrize(
    "words", [("--service", "water"), ("--shards", "0"), ("--preview", "1", "2", "3"), ()]
)
def test_a_command_that_makes_no_sense_is_refused(
    words: tuple[str, ...], night: Night, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path / "out")) if words[:1] in (("--service",), ("--shards",)) else ()
    refused = dunning("notices", "--as-of", "2026-11-22", *out, *words)

    assert refused.code == 2
    with pytest.raises(
        DunningError, match="There is no service 'water'; give one of heat, electricity"
    ):
        begin.run("2026-11-22", str(tmp_path / "out"), "water")


def test_wording_that_was_sent_may_not_be_changed(
    night: Night, ledger: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = copy_templates(tmp_path, monkeypatch)
    notices(tmp_path / "out")
    before = contents(engine)
    (own / "email" / "notice.v2.bg.txt").write_text("Друга тема\n\nДруг текст {{ link }}", "utf-8")
    refused = notices(tmp_path / "other")

    assert (refused.code, refused.messages) == (
        1,
        [
            "dunning: The wording templates/email/notice.v2.bg.txt was changed after it had been sent (first on "
            "2026-11-22), and what was sent must be found again as it was. Take the file back as it was, make the new "
            "wording version 3 in files of its own, and set `wording` in notices.toml to it from a date on."
        ],
    )
    assert contents(engine) == before
    assert not (tmp_path / "other").exists()


def test_new_wording_is_a_new_version(
    night: Night, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = copy_templates(tmp_path, monkeypatch)
    notices(tmp_path / "out")
    policy = policy_with(tmp_path, "wording = 2", "wording = 3")
    refused = notices(tmp_path / "other", "--policy", str(policy))
    for name in FROZEN:
        (own / name.replace(".v2.", ".v3.")).write_text((own / name).read_text("utf-8"), "utf-8")
    (own / "email" / "notice.v3.bg.txt").write_text("Друга тема\n\nДруг текст {{ link }}", "utf-8")
    run = notices(tmp_path / "other", "--policy", str(policy))

    assert (
        "templates/notice/notice.v3.bg.txt is missing, and `wording` in notices.toml is 3"
        in refused.told
    )
    assert run.code == 0, run.told
    assert {row["subject"] for row in mails_of(run)} == {"Друга тема"}


def test_an_unknown_variable_in_a_template_stops_everything(
    night: Night, engine: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = copy_templates(tmp_path, monkeypatch)
    (own / "email" / "notice.v2.bg.txt").write_text("Тема\n\n{{ amount }}", "utf-8")
    before = contents(engine)
    refused = notices(tmp_path / "out")

    assert (refused.code, len(refused.messages)) == (1, 1)
    assert (
        "templates/email/notice.v2.bg.txt cannot be used (UndefinedError: 'amount' is undefined)"
        in refused.told
    )
    assert contents(engine) == before
    assert not (tmp_path / "out" / "notices").exists()
    assert list((home / "work").iterdir()) == []


def test_what_a_step_wrote_is_not_taken_if_it_was_changed(
    night: Night, engine: Engine, tmp_path: Path
) -> None:
    begun = begin.run("2026-11-22", str(tmp_path / "out"), "electricity")
    planned = plan.run(begun, [gather.run(begun)])
    render.run(begun)
    (file, *_) = sorted((Path(begun["work"]) / "files" / "email").iterdir())
    file.write_bytes(file.read_bytes()[:-1] + b" ")

    with pytest.raises(
        DunningError, match=r"is not the file that the manifest names \(SHA-256 differs\)"
    ):
        publish.run(begun, planned)
    assert recorded(engine)["runs"] == []
    assert not (tmp_path / "out" / "notices").exists()


def test_a_unit_that_was_not_rendered_stops_everything(night: Night, tmp_path: Path) -> None:
    begun = begin.run("2026-11-22", str(tmp_path / "out"), "electricity")
    planned = plan.run(begun, [gather.run(begun)])
    render.run(begun, 0, 2)

    with pytest.raises(DunningError, match="is missing: the step before has not ended"):
        publish.run(begun, planned)
    with pytest.raises(DunningError, match="No shard was gathered"):
        plan.run(begun, [])


def test_a_later_run_of_the_service_clears_what_was_left_lying(
    night: Night, home: Path, tmp_path: Path
) -> None:
    begun = begin.run("2026-11-22", str(tmp_path / "out"), "electricity")
    gather.run(begun)

    assert Path(begun["work"]).is_dir()
    assert notices(tmp_path / "out").code == 0
    assert list((home / "work").iterdir()) == []


def copy_templates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the notices be written with templates of the test's own; return their folder."""
    own = folder / "templates"
    for name in FROZEN:
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_bytes((begin.TEMPLATES / name).read_bytes())
    monkeypatch.setattr(begin, "TEMPLATES", own)
    return own


def policy_with(folder: Path, old: str, new: str) -> Path:
    """Return a folder with notices.toml in which a line is another in every version that has it."""
    text = (BUILT_IN / "notices.toml").read_text("utf-8")
    assert old in text
    (folder / "policy").mkdir(exist_ok=True)
    (folder / "policy" / "notices.toml").write_text(text.replace(old, new), "utf-8")
    return folder / "policy"
