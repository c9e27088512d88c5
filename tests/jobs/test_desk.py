"""What the pages ask: a night beside others, an account's story, the search, the ageing. On a
sample with a history.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pdfplumber
import pytest

from dunning.core.errors import NotThereError
from dunning.core.frames import Bucket
from dunning.core.words import CHANNELS
from dunning.documents.pages.html import write_money
from dunning.documents.pages.story_page import render_story
from dunning.documents.pages.story_pdf import render_story_pdf
from dunning.documents.pages.why_text import explain_stage
from dunning.documents.words import word_of
from dunning.gateways.files.alive import alive
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.search_index import build_search_index
from dunning.gateways.snapshots.snapshot import open_snapshot
from dunning.gateways.store import open_store, runs
from dunning.jobs.desk import account, ageing, search, tonight
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.queries import explain
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, nightly

NIGHTS = [date(2026, 9, 30), date(2026, 10, 22), AS_OF - timedelta(days=1), AS_OF]


@pytest.fixture(scope="module")
def session(
    lasting_sample: Path, new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskSession]:
    """The session of a home in which some nights of the sample are closed."""
    folder = tmp_path_factory.mktemp("desk")
    with new_home(folder / "home"):
        for night in NIGHTS:
            assert nightly(lasting_sample, folder / "out", night).code == 0
        settings = Settings.from_environment()
        yield DeskSession(settings, open_store(settings, "test"))


@pytest.fixture(scope="module")
def owing(session: DeskSession) -> list[tuple[str, str]]:
    """Accounts that owe on the last night, those that stand highest first."""
    from dunning.gateways.store.decisions import fetch_decisions

    rows = sorted(
        fetch_decisions(session.engine, AS_OF).to_pylist(), key=lambda row: -row["overdue_cents"]
    )
    return [(row["premise_no"], row["payer_code"]) for row in rows]


def test_a_night_stands_beside_the_one_before_and_that_of_a_month_ago(session: DeskSession) -> None:
    night = tonight.read_page(session)
    assert night is not None
    assert (night.as_of, night.before_on, night.month_ago_on) == (AS_OF, NIGHTS[2], NIGHTS[1])
    assert list(night.dates) == NIGHTS[::-1]
    before = tonight.read_page(session, NIGHTS[2])
    assert before is not None
    assert [each.before for each in night.stages] == [
        (each.rows, each.cents) for each in before.stages
    ]
    assert sum(each.rows for each in night.stages) == 500
    assert sum(each.cents for each in night.stages) == night.books["EUR.open"]


def test_the_moves_explain_what_changed_between_two_nights(session: DeskSession) -> None:
    night = tonight.read_page(session)
    assert night is not None
    for stage in ("overdue", "final_warning", "court_bound"):
        came = sum(move.accounts for move in night.moves if move.to_stage == stage)
        left = sum(move.accounts for move in night.moves if move.from_stage == stage)
        (told,) = [each for each in night.stages if each.name == stage]
        assert told.before is not None
        assert came - left == told.rows - told.before[0]


def test_a_night_that_is_not_closed_is_not_there(session: DeskSession) -> None:
    with pytest.raises(NotThereError, match="are not closed"):
        tonight.read_page(session, date(2026, 1, 1))


def test_the_ageing_adds_up_to_what_is_open(session: DeskSession) -> None:
    night = ageing.read_page(session)
    books = tonight.read_page(session)
    assert night is not None and books is not None
    assert night.total.cents == books.books["EUR.open"]
    for sums in (night.bands, night.by_district, night.by_service, night.by_stage):
        assert sum(each.cents for each in sums) == night.total.cents
    assert [day for day, _ in night.trend] == [NIGHTS[0], NIGHTS[1], NIGHTS[3]]
    assert night.trend[-1][1] == night.total.cents


def test_filters_of_the_ageing_cut_it_into_its_parts(session: DeskSession) -> None:
    whole = ageing.read_page(session)
    assert whole is not None
    parts = [ageing.read_page(session, None, each.name) for each in whole.by_service]
    assert sum(part.total.cents for part in parts if part) == whole.total.cents
    with pytest.raises(NotThereError, match="has no ageing"):
        ageing.read_page(session, date(2020, 1, 1))


def test_an_account_is_told_as_explain_tells_it(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    for premise_no, payer_code in owing[:5]:
        page = account.read_page(session, premise_no, payer_code)
        told = render_story(page.story, list(page.proposals))
        assert told == explain.run(premise_no, payer_code, AS_OF)
        assert [row["as_of"] for row in page.nights] == sorted(
            {row["as_of"] for row in page.nights}, reverse=True
        )
        assert page.nights[0]["stage"] == page.story.account["stage"]
        assert page.due_cents + page.later_cents <= page.story.account["open_cents"]


def test_what_must_be_paid_at_least_is_no_more_than_what_is_open(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    pages = [account.read_page(session, *pair) for pair in owing[:20]]
    coming = [(each, page) for page in pages for each in page.coming]
    assert coming
    assert all(0 < each.pay_cents <= page.story.account["open_cents"] for each, page in coming)


def test_an_unknown_account_is_not_there(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    for pair in (("no such", "1"), (owing[0][0], "no such")):
        with pytest.raises(NotThereError, match="There is no account of premise"):
            account.read_page(session, *pair)
    with pytest.raises(NotThereError):
        account.read_page(session, *owing[0], date(2026, 1, 1))


def test_an_account_is_found_by_each_of_its_numbers_and_by_name(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    premise_no, payer_code = owing[0]
    page = account.read_page(session, premise_no, payer_code)
    invoice_no = page.story.tables["items"][0]["invoice_no"]
    name = page.payer.name
    words = " ".join(reversed(name.split()))
    for wanted in (premise_no, payer_code, invoice_no, name, words.lower(), f"  {premise_no} "):
        found = search.find(session, wanted)
        assert (premise_no, payer_code) in {
            (hit.premise_no, hit.payer_code) for hit in found.hits
        }, wanted
    assert search.find(session, premise_no[:-1]).hits
    assert not any(
        search.find(session, nothing).hits for nothing in ("", "няма такъв човек никъде", "x" * 90)
    )


def test_an_account_is_found_by_what_the_page_and_a_message_show(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    premise_no, payer_code = owing[0]
    address = account.read_page(session, premise_no, payer_code).payer.address
    shown = [
        f"Партида {premise_no} · {payer_code}",
        f"Партида {premise_no} / {payer_code}",
        f"абонатен № {premise_no}, код на платец {payer_code}",
        f"20261122-OS-{premise_no}-{payer_code}",
        f"C-20261122-{premise_no}-{payer_code}",
        f"аб. № …{premise_no[-4:]} има 12,30 евро",
        f"...{premise_no[-4:]}",
        premise_no[-4:],
        payer_code[-4:],
        address.upper().replace(",", " "),
    ]
    for wanted in shown:
        found = [(hit.premise_no, hit.payer_code) for hit in search.find(session, wanted).hits]
        assert (premise_no, payer_code) in found, wanted
    assert [[(premise_no, payer_code)]] * 5 == [
        [(hit.premise_no, hit.payer_code) for hit in search.find(session, wanted).hits]
        for wanted in shown[:5]
    ]


def test_a_phone_is_found_in_any_spelling_and_so_are_mail_meter_case_and_notice(
    session: DeskSession,
) -> None:
    run = runs.fetch_run(session.engine, AS_OF)
    assert run is not None and run.snapshot_name is not None
    snapshot = open_snapshot(session.settings.snapshots / run.snapshot_name)
    tried = {"phone": 0, "email": 0, "meter": 0, "case": 0, "notice": 0}

    def pair_of(bucket: Bucket, place: int) -> tuple[str, str]:
        premise_no, payer_code = (
            bucket.accounts.text(name)[place].as_py() for name in ("premise_no", "payer_code")
        )
        return premise_no, payer_code

    def check(kind: str, wanted: str, pair: tuple[str, str]) -> None:
        assert pair in [
            (hit.premise_no, hit.payer_code) for hit in search.find(session, wanted).hits
        ], (kind, wanted)
        tried[kind] += 1

    for number in snapshot.buckets()[::8]:
        bucket = snapshot.read_bucket(number)
        contacts = bucket.contacts
        for row in range(0, len(contacts), 5):
            place = int(np.flatnonzero(bucket.accounts["payer"] == contacts["payer"][row])[0])
            told, channel = (
                contacts.text("address")[row].as_py(),
                CHANNELS[contacts["channel"][row]],
            )
            if channel == "sms":
                local = told.removeprefix("+359")
                apart = f"0{local[:3]} {local[3:6]}-{local[6:]}"
                spelled = (
                    told,
                    f"0{local}",
                    f"00359{local}",
                    apart,
                    f"+359 ({local[:3]}) {local[3:]}",
                )
                for spelling in spelled:
                    check("phone", spelling, pair_of(bucket, place))
            elif channel == "email":
                check("email", told.upper(), pair_of(bucket, place))
        for place in range(0, len(bucket.accounts), 5):
            meter_no = bucket.premises.text("meter_no")[
                int(bucket.accounts["premise"][place])
            ].as_py()
            if meter_no:
                check("meter", meter_no, pair_of(bucket, place))
        for kind, frame, column in (
            ("case", bucket.cases, "case_no"),
            ("notice", bucket.notices, "notice_no"),
        ):
            for row in range(0, len(frame), 9):
                check(
                    kind,
                    frame.text(column)[row].as_py(),
                    pair_of(bucket, int(frame["account"][row])),
                )
    assert all(tried.values()), tried


def test_every_invoice_finds_its_account(session: DeskSession) -> None:
    run = runs.fetch_run(session.engine, AS_OF)
    assert run is not None and run.snapshot_name is not None
    snapshot = open_snapshot(session.settings.snapshots / run.snapshot_name)
    for number in snapshot.buckets()[::9]:
        bucket = snapshot.read_bucket(number)
        for row in range(0, len(bucket.items), 17):
            place = bucket.items["account"][row]
            expected = tuple(
                bucket.accounts.text(name)[place].as_py() for name in ("premise_no", "payer_code")
            )
            found = search.find(session, bucket.items.text("invoice_no")[row].as_py())
            assert expected in [(hit.premise_no, hit.payer_code) for hit in found.hits]


def test_an_index_goes_with_its_snapshot(session: DeskSession) -> None:
    root = session.settings.home / "search"
    (root / "gone").mkdir()
    with alive(root / ".killed.1.unfinished"):
        pass
    run = runs.fetch_run(session.engine, AS_OF)
    assert run is not None and run.snapshot_name is not None
    snapshot = open_snapshot(session.settings.snapshots / run.snapshot_name)
    with alive(root / ".built.2.unfinished"):
        build_search_index(session.settings, snapshot)
        left = {folder.name for folder in root.iterdir()}
    assert left == {run.snapshot_name, ".built.2.unfinished"}
    build_search_index(session.settings, snapshot)
    assert [folder.name for folder in root.iterdir()] == [run.snapshot_name]
    assert {oct(path.stat().st_mode & 0o777) for path in (root / run.snapshot_name).iterdir()} == {
        "0o600"
    }


def test_the_story_on_paper_says_what_the_page_says(
    session: DeskSession, owing: list[tuple[str, str]], tmp_path: Path
) -> None:
    page = account.read_page(session, *owing[0])
    content = render_story_pdf(page.story, [("payer", page.payer.name)], [])
    assert content == render_story_pdf(page.story, [("payer", page.payer.name)], [])
    (tmp_path / "story.pdf").write_bytes(content)
    with pdfplumber.open(tmp_path / "story.pdf") as document:
        said = " ".join(" ".join((sheet.extract_text() or "").split()) for sheet in document.pages)
    assert page.payer.name in said
    for row in page.story.tables["items"]:
        assert row["invoice_no"] in said
    for code in page.story.account["reasons"].split():
        assert word_of("bg", code, "account_reason") in said
    why = explain_stage("bg", page.story)
    assert all(
        " ".join(told.split()) in said for told in (why.rule, why.decided, why.not_higher) if told
    )


def test_before_the_first_night_there_is_nothing_and_that_is_no_fault(
    new_home: MakeHome, tmp_path: Path
) -> None:
    with new_home(tmp_path / "empty"):
        settings = Settings.from_environment()
        session = DeskSession(settings, open_store(settings, "test"))
        assert (tonight.read_page(session), ageing.read_page(session)) == (None, None)
        with pytest.raises(NotThereError, match="No night is closed yet"):
            account.read_page(session, "1", "2")


def test_interest_by_segment_adds_up_to_that_of_the_invoice(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    """Each item is rounded once; what is shown of its segments must not differ from it by a
    cent.
    """
    checked = 0
    for premise_no, payer_code in owing[:60]:
        tables = account.read_page(session, premise_no, payer_code).story.tables
        for item in tables["items"]:
            parts = [
                row["interest_cents"]
                for row in tables["segments"]
                if row["invoice_no"] == item["invoice_no"]
            ]
            assert sum(parts) == item["interest_cents"]
            checked += len(parts) > 1
    assert checked > 50


def test_why_this_stage_names_the_rule_the_items_and_the_numbers_and_nothing_else(
    session: DeskSession, owing: list[tuple[str, str]]
) -> None:
    seen = set()
    for premise_no, payer_code in owing[:: max(len(owing) // 80, 1)]:
        story = account.read_page(session, premise_no, payer_code).story
        for language in ("bg", "en"):
            why = explain_stage(language, story)
            way = story.account["rule"].partition(".")[2]
            if not way:
                assert ([], True) == (why.items, bool(why.decided))
                continue
            (condition,) = [each for each in story.conditions if each.rung == way]
            assert len(why.items) == condition.items
            assert sum(row["open_cents"] for row in why.items) == condition.cents
            assert write_money(condition.cents) in why.decided
            assert (
                bool(why.not_higher)
                == bool(story.account["why_not"])
                == (story.account["stage"] != "court_bound")
            )
            seen.add(way)
    assert {"overdue", "final_warning"} <= seen
