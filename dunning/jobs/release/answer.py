"""Release a list by the answer that Airflow itself recorded, never by a task's message.

The question names the date, the run that made the list and the SHA-256 of its files: exactly
those are released, or nothing.
"""

import os
import re
from datetime import date

from dunning.core.errors import DunningError
from dunning.documents.messages.release_question import APPROVE
from dunning.documents.words import word_of
from dunning.gateways.airflow_record import RecordedQuestion, fetch_question
from dunning.gateways.postgres.database import Engine
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import find_settings, read_people
from dunning.gateways.store import open_store, runs
from dunning.jobs.release import offer, publish
from dunning.jobs.release.last_look import Layout
from dunning.jobs.release.publish import Outcome, Reply
from dunning.jobs.release.sample import APPROVES_SAMPLE, is_sample

DAG_ID = "release"
# The line that `describe_subject` writes: date and number of the run.
_ABOUT = re.compile(r"^Нощ `(\d{4}-\d\d-\d\d)`, обработка `(\d+)`\.$", re.M)
_NOTE_MAX = 500


def task_of(list_name: str) -> str:
    """Return the name of the task that asks about a list."""
    return f"ask_{list_name}"


def describe_subject(asked: offer.Offer) -> str:
    """Return the line of a question's body that binds an answer to its date and run."""
    return f"Нощ `{asked.as_of}`, обработка `{asked.run_id}`."


def is_about(body: str, as_of: date) -> bool:
    """Return whether a question is about a date."""
    found = _ABOUT.findall(body)
    # the last match: the line is written at the end, after any text that could look like it
    return bool(found) and found[-1][0] == as_of.isoformat()


def run(
    airflow_run: str,
    list_name: str,
    as_of: str | None,
    last_look: str | None = None,
    on: str | None = None,
    mapping: str | None = None,
    billing_sql: str | None = None,
) -> Outcome:
    """Release a list as it was answered in an Airflow run; return the outcome.

    Args:
        airflow_run: the run of the task that asked.
        as_of: the date that the run is about (ISO); the last closed one, if None.
        last_look: a newer extract, with which each row is compared; read as those of the nightly
            runs, by mapping or billing_sql.
        on: the day of the release (ISO), for trials; if None the sample's own, else today in Sofia.

    Raises:
        DunningError: the answer is about other files, or of a person who may not give it, or see
            `publish.release`.
    """
    settings = Settings.from_environment()
    engine, layout = open_store(settings, f"release {list_name}"), Layout.of(mapping, billing_sql)
    released_on = date.fromisoformat(on) if on else None
    question = fetch_question(settings, DAG_ID, airflow_run, task_of(list_name))
    if question is None:
        day = date.fromisoformat(as_of) if as_of else None
        return _release_unasked(engine, list_name, day, last_look, released_on, layout)
    asked = _find_asked(engine, question, list_name)
    reply = reply_of(settings, question, asked)
    # a rejection may be about files that are gone; only an approval needs the very same ones
    if reply.answer in publish.MAY_LEAVE:
        _refuse_other_files(question, asked)
    # the sample has a day of its own, for which its lists are checked once more
    night = (
        runs.fetch_run_by_id(engine, asked.run_id) if reply.answer in publish.MAY_LEAVE else None
    )
    own_day = asked.as_of if night is not None and is_sample(settings, night) else None
    return publish.run(asked, reply, last_look, on=released_on or own_day, layout=layout)


def reply_of(settings: Settings, question: RecordedQuestion, asked: offer.Offer) -> Reply:
    """Return the recorded answer and its author; `expired` if there is none."""
    if question.responded_at is None:
        return Reply("expired", describe_unanswered("closed"))
    if question.responded_by is None:
        why = "newer_lists" if offer.is_replaced(asked.as_of) else "too_late"
        return Reply("expired", describe_unanswered(why))
    known = find_settings(
        read_people(settings), str(question.responded_by["id"]), str(question.responded_by["name"])
    )
    # of a stranger Airflow's own name and id, so that no user name is like it
    by = (
        known.user_name
        if known
        else f"{question.responded_by['name']} (id {question.responded_by['id']})"
    )
    answer = "approved" if list(question.chosen) == [APPROVE] else "rejected"
    return Reply(answer, by, _read_note(question.given.get("note")))


def describe_unanswered(why: str) -> str:
    """Return why a question ended without an answer, in Bulgarian; see `no_answer` of the words."""
    return word_of("bg", why, "no_answer")


def _read_note(given: object) -> str:
    """Return the note as the store takes it: printable, at most 500 characters.

    Whatever a program sent in place of the form.
    """
    return "".join(sign for sign in str(given or "") if sign.isprintable() or sign == "\n")[
        :_NOTE_MAX
    ]


def _release_unasked(
    engine: Engine,
    list_name: str,
    as_of: date | None,
    ledger: str | None,
    on: date | None,
    layout: Layout,
) -> Outcome:
    """Release a list that has no question in Airflow.

    It does not wait, was answered before, or is the sample's.
    """
    waits = offer.find_waiting(as_of).get(list_name)
    if waits is None:
        return {"list": list_name, "state": "nothing", "text": ""}
    if waits.answered:
        return publish.run(waits, Reply(**waits.answered), ledger, on=on, layout=layout)
    if os.environ.get(APPROVES_SAMPLE):
        # the sample has a day of its own, for which its lists are checked once more
        automatic = Reply("automatic", "auto_approve")
        return publish.run(waits, automatic, ledger, on=waits.as_of, layout=layout)
    return publish.run(waits, Reply("expired", describe_unanswered("closed")), ledger)


def _find_asked(engine: Engine, question: RecordedQuestion, list_name: str) -> offer.Offer:
    """Return the list that a question was about, as it is in the store now."""
    found = _ABOUT.findall(question.body)
    known = runs.fetch_run(engine, date.fromisoformat(found[-1][0])) if found else None
    if known is None or str(known.run_id) != found[-1][1]:
        raise DunningError(
            "The question in Airflow names no night of this house. Nothing was released; ask again in the pages."
        )
    return offer.describe(engine, known, list_name)


def _refuse_other_files(question: RecordedQuestion, asked: offer.Offer) -> None:
    if not all(f"`{sha256}`" in question.body for sha256 in asked.files.values()):
        raise DunningError(
            f"The list {asked.list_name} of {asked.as_of} is not the one that was asked about. Nothing was released; "
            "ask again in the pages."
        )
