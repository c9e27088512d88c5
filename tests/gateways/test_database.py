"""The way to PostgreSQL: what cannot be reached or used says so, one run at a time, bulk rows
arrive as they are.
"""

import datetime
from dataclasses import replace

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import (
    RUN_LOCK,
    VERSION_MIN,
    _find_version,
    connect,
    copy_in,
    copy_out,
    find_url,
    run_lock,
    transact,
)
from dunning.gateways.store.rows import PROPOSALS


def test_a_second_run_says_which_one_is_going_on_and_leaves(engine):
    with run_lock(engine, "nightly 2026-11-22"):
        with pytest.raises(
            DunningError,
            match=r"^Another run is going on since .* UTC: dunning nightly 2026-11-22 \(",
        ):
            with run_lock(engine, "notices 2026-11"):
                raise AssertionError("two runs at once")


def test_the_lock_is_free_again_after_a_run_whether_it_failed_or_not(engine):
    with pytest.raises(ZeroDivisionError), run_lock(engine, "first"):
        raise ZeroDivisionError
    with run_lock(engine, "second"):
        pass
    with engine.connect() as connection:
        assert (
            0
            == connection.execute(
                text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            ).scalar_one()
        )


def test_a_run_that_lost_its_lock_cannot_use_its_connection(engine):
    end_holder = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with run_lock(engine, "nightly") as locked:
        with engine.connect() as other:
            other.execute(text(end_holder))
        with pytest.raises(DunningError, match="gave up"), transact(locked) as connection:
            connection.execute(text("SELECT 1"))


def test_an_error_of_the_database_shows_nothing_that_was_given_to_it(engine):
    """Errors reach logs, and what is given may be a note about somebody."""
    with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
        connection.execute(
            text("SELECT 1 / (length(:note) - length(:note))"), {"note": "Иванов, ЕГН 7501010018"}
        )
    assert ("Иванов" in str(caught.value), "division by zero" in str(caught.value)) == (False, True)


def test_locks_of_other_databases_do_not_matter(engine, empty_settings):
    other = connect(empty_settings, "other")
    with run_lock(engine, "one supplier"), run_lock(other, "another supplier"):
        pass
    other.dispose()


def test_the_run_lock_fits_into_its_two_halves():
    assert 0 < RUN_LOCK < 2**63


def test_an_unreachable_server_is_told_without_its_password(settings, tmp_path):
    away = replace(settings, database_url=f"postgresql://clerk:secret@/dunning?host={tmp_path}")
    with pytest.raises(DunningError, match="cannot be reached") as refusal:
        connect(away)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("refusals", [1, 9])
def test_a_server_that_opens_right_after_it_turned_us_away(engine, refusals):
    """It takes us in at the second try; what is refused although it is open is told then."""
    tried = []

    @event.listens_for(engine, "do_connect")
    def refuse(*_):
        tried.append(1)
        if len(tried) <= refusals:
            raise psycopg.OperationalError("Consistent recovery state has not been yet reached.")

    engine.dispose()
    if refusals == 1:
        assert _find_version(engine) >= VERSION_MIN
    else:
        with pytest.raises(OperationalError):
            _find_version(engine)
    assert len(tried) == 2


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite:///x.db"])
def test_only_postgresql_is_taken(settings, url):
    with pytest.raises(DunningError, match="only PostgreSQL is supported"):
        find_url(replace(settings, database_url=url))


def test_what_is_no_url_is_refused_without_being_shown(settings):
    with pytest.raises(DunningError) as refusal:
        find_url(replace(settings, database_url="clerk:secret at db"))
    assert "DUNNING_DATABASE_URL is no URL; write postgresql://user@host/database." == str(
        refusal.value
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_name_postgresql_is_ours(settings, scheme):
    url = find_url(replace(settings, database_url=f"{scheme}://clerk@db/dunning"))
    assert "postgresql+psycopg://clerk@db/dunning" == str(url)


def test_a_transaction_joins_the_callers(engine):
    with pytest.raises(ZeroDivisionError), transact(engine) as outer:
        with transact(outer) as inner:
            inner.execute(text("CREATE TABLE half_done (x int)"))
        raise ZeroDivisionError
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('half_done')")).scalar_one() is None


def test_bulk_rows_come_back_as_they_went(engine):
    day = datetime.date(2026, 11, 22)
    values = ['"quoted"', "два\nреда", "a;b,c", "\\.", "", None, "007"]
    rows = pa.table(
        {
            "as_of": [day] * 7,
            "list": ["reminders"] * 7,
            "premise_no": [f"{i:05d}" for i in range(7)],
            "payer_code": ["x"] * 7,
            "stage": ["overdue"] * 7,
            "channel": ["sms"] * 7,
            "principal_cents": [0, -1, 2**62, 100, 1, 1, 1],
            "total_cents": [1, 2, 3, 4, 5, 6, 7],
            "state": ["proposed"] * 7,
            "reason": values,
            "reference": values,
        },
        schema=PROPOSALS,
    )
    with transact(engine) as connection:
        connection.execute(text("SELECT dunning.open_date('proposals', '2026-11-22')"))
        assert 7 == copy_in(connection, "proposals", "copy", rows)
        assert rows == copy_out(connection, "proposals", "fetch", PROPOSALS, {"as_of": day})


def test_nothing_comes_back_as_an_empty_table(engine):
    with transact(engine) as connection:
        empty = copy_out(
            connection, "proposals", "fetch", PROPOSALS, {"as_of": datetime.date(2026, 1, 1)}
        )
    assert PROPOSALS.empty_table() == empty
