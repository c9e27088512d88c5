"""Migrations: an older database is upgraded with its rows, and one that does not fit is refused."""

import shutil
import threading

import pytest
from sqlalchemy import text

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import connect
from dunning.gateways.postgres.migrations import migrate, read_migrations
from dunning.gateways.postgres.sql_files import sql_folder

A_RUN = """
INSERT INTO dunning.runs (as_of, is_recording, state, manifest_sha256)
VALUES ('2025-01-31', true, 'closed', 'ab')
"""
A_DEED = """
INSERT INTO dunning.deeds (
    premise_no, payer_code, stage, as_of, channel, reference, overdue_cents, state, run_id
)
VALUES ('1', '2', 'overdue', '2025-01-31', 'sms', 'R1', 100, 'done', 1)
"""
NAMES = [migration.name for migration in read_migrations()]


@pytest.fixture
def empty(empty_settings):
    engine = connect(empty_settings, "test")
    yield engine
    engine.dispose()


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "migrations"
    shutil.copytree(sql_folder() / "migrations", copy)
    return copy


def execute(engine, sql):
    with engine.begin() as connection:
        return connection.execute(text(sql))


def test_an_empty_database_gets_everything_once(empty):
    assert NAMES == migrate(empty)
    assert [] == migrate(empty)


@pytest.mark.parametrize("last", range(1, len(NAMES)))
def test_an_older_database_is_upgraded_with_its_rows(empty, last):
    assert NAMES[:last] == migrate(empty, last=last)
    execute(empty, A_RUN)
    execute(empty, A_DEED)
    assert NAMES[last:] == migrate(empty)
    with empty.connect() as connection:
        rows = connection.execute(
            text("SELECT reference, state, principal_cents FROM dunning.deeds")
        ).all()
    assert [("R1", "done", 100)] == rows


def test_an_upgraded_database_has_the_shape_of_a_new_one(empty, engine):
    migrate(empty, last=1)
    migrate(empty)
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'dunning' ORDER BY 1, 2"
    )
    assert execute(engine, columns).all() == execute(empty, columns).all()


def test_several_processes_may_upgrade_at_once(empty, empty_settings):
    applied = []

    def upgrade():
        engine = connect(empty_settings, "test")
        applied.extend(migrate(engine))
        engine.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert NAMES == applied


def test_an_applied_file_that_changed_is_refused(empty, folder):
    migrate(empty, folder)
    with (folder / f"{NAMES[0]}.sql").open("a") as file:
        file.write("-- a second thought\n")
    with pytest.raises(
        DunningError, match=f"^The migration {NAMES[0]} was applied with other content"
    ):
        migrate(empty, folder)


def test_line_ends_are_no_change(empty, folder):
    migrate(empty, folder)
    path = folder / f"{NAMES[0]}.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [] == migrate(empty, folder)


def test_a_database_newer_than_the_program_is_refused(empty, folder):
    migrate(empty, folder)
    (folder / f"{NAMES[-1]}.sql").unlink()
    with pytest.raises(DunningError, match="The database is newer than this program"):
        migrate(empty, folder)


def test_a_migration_that_fails_leaves_nothing_of_itself(empty, folder):
    name = f"{len(NAMES) + 1:04d}_broken"
    (folder / f"{name}.sql").write_text("CREATE TABLE dunning.half_done (x int); SELECT 1 / 0;")
    with pytest.raises(DunningError, match=f"^The migration {name} failed.*division by zero"):
        migrate(empty, folder)
    assert execute(empty, "SELECT to_regclass('dunning.half_done')").scalar_one() is None
    assert (
        len(NAMES) == execute(empty, "SELECT count(*) FROM dunning.schema_migrations").scalar_one()
    )


@pytest.mark.parametrize("name", [f"{len(NAMES) + 2:04d}_gap.sql", "unnumbered.sql"])
def test_numbers_have_no_gaps(folder, name):
    (folder / name).write_text("SELECT 1")
    with pytest.raises(DunningError, match="migrations are numbered without gaps"):
        read_migrations(folder)


def test_a_folder_without_migrations_is_refused(tmp_path):
    with pytest.raises(DunningError, match="No migrations"):
        read_migrations(tmp_path)
