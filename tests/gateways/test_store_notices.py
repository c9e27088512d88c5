"""Monthly notices in the store: intended, done or taken back; tokens kept once; wording frozen once
it was sent.
"""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.store.notices import (
    NOTICES,
    NoticeRun,
    begin_notices,
    fetch_notice_run,
    last_notices,
    refuse_changed_wording,
)
from dunning.gateways.store.outbox import Intent, end, fetch_intents
from dunning.gateways.store.shown import fetch_shown, first_shown_until, newest_run_no

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 15), date(2026, 11, 15), date(2026, 12, 15)
WORDING = {"notice/notice.v1.bg.txt": "aa", "email/notice.v1.bg.txt": "bb"}


def run_of(as_of=NOVEMBER, service="heat", **others):
    given = {"since": date(2026, 9, 15), "notices": 2, "withheld": 1, "out": "out"}
    return NoticeRun(
        as_of, service, **(given | {"manifest_sha256": "m", "content_sha256": "c"} | others)
    )


def tokens_of(*names, document="d"):
    return pa.table(
        {
            "token_sha256": list(names),
            "reference": [f"R-{name}" for name in names],
            "document_sha256": [document] * len(names),
            "expires_on": [DECEMBER] * len(names),
        }
    )


def rows(engine, query):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def tokens(engine):
    columns = "token_sha256, document_sha256, confirmed_at IS NULL"
    return rows(engine, f"SELECT {columns} FROM dunning.receipt_tokens ORDER BY 1")


def templates(engine):
    return rows(
        engine,
        "SELECT name, sha256, first_as_of, first_service FROM dunning.sent_templates ORDER BY 1",
    )


def send(engine, as_of, service="heat", wording=WORDING, parts=()):
    begin_notices(engine, run_of(as_of, service), parts, wording)
    finish(engine)


def finish(engine):
    (intent,) = fetch_intents(engine, NOTICES)
    end(engine, intent, is_out=True)


def withdraw(engine):
    (intent,) = fetch_intents(engine, NOTICES)
    end(engine, intent, is_out=False)


def test_intended_then_done(engine):
    added = begin_notices(engine, run_of(), [tokens_of("a"), tokens_of("b")], WORDING)
    intended = fetch_notice_run(engine, NOVEMBER, "heat")
    (under_way,) = fetch_intents(engine, NOTICES)
    finish(engine)

    assert (added, intended) == (2, run_of(run_no=1))
    assert under_way.row == {
        "as_of": NOVEMBER,
        "service": "heat",
        "out": "out",
        "manifest_sha256": "m",
    }
    assert str(under_way.target) == "out/notices/2026-11-15/heat"
    assert fetch_notice_run(engine, NOVEMBER, "heat") == run_of(state="done", run_no=1)
    assert fetch_intents(engine, NOTICES) == []
    assert tokens(engine) == [("a", "d", True), ("b", "d", True)]
    assert templates(engine) == [
        ("email/notice.v1.bg.txt", "bb", NOVEMBER, "heat"),
        ("notice/notice.v1.bg.txt", "aa", NOVEMBER, "heat"),
    ]


def test_taken_back_leaves_nothing(engine):
    begin_notices(engine, run_of(), [tokens_of("a")], WORDING)

    withdraw(engine)
    assert (fetch_notice_run(engine, NOVEMBER, "heat"), tokens(engine), templates(engine)) == (
        None,
        [],
        [],
    )


def test_what_another_run_sent_stays_when_one_is_taken_back(engine):
    send(engine, NOVEMBER, "electricity", parts=[tokens_of("e")])
    begin_notices(engine, run_of(), [tokens_of("a")], WORDING)
    withdraw(engine)

    assert tokens(engine) == [("e", "d", True)]
    assert {row[3] for row in templates(engine)} == {"electricity"}
    sent = {"as_of": NOVEMBER, "service": "electricity", "out": "out"}
    with pytest.raises(DunningError, match="electricity is not under way any more"):
        end(engine, Intent(NOTICES, sent), is_out=False)
    assert tokens(engine) == [("e", "d", True)]
    assert {row[3] for row in templates(engine)} == {"electricity"}


def test_what_was_shown_is_known_to_later_runs_only(engine):
    """By bucket, service and the order in which runs were recorded; of one that is taken back
    nothing is left.
    """
    for as_of, numbers in ((DECEMBER, {0: ["b", "a"], 63: ["c"]}), (NOVEMBER, {0: ["d"]})):
        run = run_of(as_of, shown_until=OCTOBER)
        begin_notices(
            engine, run, [], WORDING, {bucket: pa.array(some) for bucket, some in numbers.items()}
        )
        finish(engine)
    begin_notices(
        engine, run_of(date(2027, 1, 15), shown_until=NOVEMBER), [], WORDING, {0: pa.array(["e"])}
    )
    under_way = fetch_shown(engine, "heat", 0, 9).to_pylist()
    withdraw(engine)

    assert [fetch_shown(engine, "heat", 0, run_no).to_pylist() for run_no in (0, 1, 2)] == [
        [],
        ["a", "b"],
        ["a", "b", "d"],
    ]
    assert (under_way, fetch_shown(engine, "electricity", 0, 9).to_pylist()) == (
        ["a", "b", "d"],
        [],
    )
    assert (fetch_shown(engine, "heat", 63, 1).to_pylist(), newest_run_no(engine, "heat")) == (
        ["c"],
        2,
    )
    assert (first_shown_until(engine, "heat"), first_shown_until(engine, "electricity")) == (
        OCTOBER,
        None,
    )
    assert rows(engine, "SELECT run_no, bucket FROM dunning.notice_numbers ORDER BY 1, 2") == [
        (1, 0),
        (1, 63),
        (2, 0),
    ]


def test_a_confirmed_token_stays_as_it_is(engine):
    send(engine, OCTOBER, parts=[tokens_of("a")])
    with engine.begin() as connection:
        connection.execute(text("UPDATE dunning.receipt_tokens SET confirmed_at = now()"))
    send(engine, NOVEMBER, parts=[tokens_of("a", "b", document="other")])

    assert tokens(engine) == [("a", "d", False), ("b", "other", True)]


def test_the_last_run_of_each_service_before_a_day(engine):
    for as_of, service in ((OCTOBER, "heat"), (NOVEMBER, "heat"), (OCTOBER, "electricity")):
        send(engine, as_of, service)
    begin_notices(engine, run_of(NOVEMBER, "electricity"), [], WORDING)

    assert last_notices(engine, OCTOBER) == {}
    assert last_notices(engine, NOVEMBER) == {"heat": OCTOBER, "electricity": OCTOBER}
    assert last_notices(engine, DECEMBER) == {"heat": NOVEMBER, "electricity": OCTOBER}


def test_once_for_a_date_and_service(engine):
    send(engine, NOVEMBER, parts=[tokens_of("a")])
    with pytest.raises(DunningError, match="2026-11-15 for heat are recorded already"):
        begin_notices(
            engine,
            replace(run_of(), out="elsewhere"),
            [tokens_of("b")],
            {"notice/notice.v2.bg.txt": "cc"},
        )

    assert fetch_notice_run(engine, NOVEMBER, "heat") == run_of(state="done", run_no=1)
    assert tokens(engine) == [("a", "d", True)]
    assert len(templates(engine)) == 2


def test_wording_that_was_sent_is_frozen(engine):
    send(engine, OCTOBER)
    changed = WORDING | {"notice/notice.v1.bg.txt": "zz"}
    refuse_changed_wording(engine, WORDING | {"notice/notice.v2.bg.txt": "zz"})

    in_begin = lambda: begin_notices(engine, run_of(), [], changed)  # noqa: E731
    for refuse in (lambda: refuse_changed_wording(engine, changed), in_begin):
        with pytest.raises(DunningError) as told:
            refuse()
        said = str(told.value)
        assert (
            "templates/notice/notice.v1.bg.txt was changed after it had been sent (first on 2026-10-15)"
            in said
        )
        assert (
            "version 2 in files of its own, and set `wording` in notices.toml to it from a date on"
            in said
        )
    assert fetch_notice_run(engine, NOVEMBER, "heat") is None


def test_wording_of_a_run_that_was_taken_back_may_be_changed(engine):
    begin_notices(engine, run_of(), [], WORDING)
    withdraw(engine)

    refuse_changed_wording(engine, WORDING | {"notice/notice.v1.bg.txt": "zz"})


@pytest.mark.parametrize(
    "change", ["DELETE FROM dunning.notice_runs", "UPDATE dunning.notice_runs SET notices = 3"]
)
def test_the_database_itself_keeps_what_was_sent(engine, change):
    send(engine, NOVEMBER)
    with pytest.raises(DBAPIError, match="recorded once and stays"), engine.begin() as connection:
        connection.execute(text(change))


def test_nothing_to_finish(engine):
    never = {"as_of": NOVEMBER, "service": "heat", "out": "out"}
    with pytest.raises(DunningError, match="heat is not under way any more"):
        end(engine, Intent(NOTICES, never), is_out=True)
