"""What waits for approval, and what the question about it says."""

import hashlib
import json
from pathlib import Path

from sqlalchemy import Engine

from dunning.gateways.store import releases
from dunning.gateways.store.proposals import fetch_account_proposals
from dunning.jobs.release import offer
from tests.jobs.nights import AS_OF
from tests.jobs.release.releases import premises
from tests.world import premise_of


def test_what_waits_is_told_in_counts_and_hashes_only(night: Path) -> None:
    found = offer.run()
    assert list(found) == ["disconnections", "court"]
    waits = found["disconnections"]
    content = (night / "disconnections.csv").read_bytes()
    assert (waits["rows"], waits["cents"], waits["before_on"]) == (3, 36000, "")
    assert list(waits["files"]) == ["disconnections.csv", "disconnections.parquet"]
    assert waits["files"]["disconnections.csv"] == hashlib.sha256(content).hexdigest()
    said = json.dumps(found, ensure_ascii=False)
    assert not any(secret in said for secret in (*premises(1, 2, 3, 4), "Росица", "P1"))


def test_one_sum_for_the_list_of_cases_wherever_it_is_told(night: Path, engine: Engine) -> None:
    listed = json.loads((night / "manifest.json").read_bytes())["lists"]["court"]["cents"]
    case = next(
        row
        for row in fetch_account_proposals(engine, AS_OF, premise_of(4))
        if row["list"] == "court"
    )

    assert (case["principal_cents"], case["total_cents"]) == (30_000, listed)
    assert listed > 30_000  # interest and state fee
    assert offer.run()["court"]["cents"] == listed
    assert [
        each.cents for each in releases.fetch_releases(engine, AS_OF) if each.list_name == "court"
    ] == [listed]


def test_the_question_tells_counts_sums_and_where_to_look(night: Path) -> None:
    subject, body = offer.ask(offer.find_waiting()["disconnections"], "http://desk:8080/")
    assert subject == "Списък за прекъсване към 22.11.2026 г.: 3 реда, 360,00 €"
    assert "| 22.11.2026 г. | 3 | 360,00 |" in body
    assert "(http://desk:8080/dunning/lists/disconnections?as_of=2026-11-22)" in body


def test_the_question_counts_what_would_leave_and_says_why_the_others_wait(
    reviewed: Path, engine: Engine
) -> None:
    waits = offer.find_waiting()["court"]
    assert (waits.rows, waits.person_rows) == (1, 2)
    assert waits.person_reasons == {"deceased": 1, "missing_identifier": 2}
    listed = json.loads((reviewed / "manifest.json").read_bytes())["lists"]["court"]
    assert (listed["rows"], waits.cents + waits.person_cents) == (3, listed["cents"])
    subject, body = offer.ask(waits, "http://desk")
    assert (
        subject == "Списък за съд към 22.11.2026 г.: 1 ред, 338,66 €; още 2 за преглед остават тук"
    )
    assert "| от тях готови, за които се пита | 1 | 338,66 |" in body
    assert ("- починал клиент: 1" in body, "- липсва ЕГН/ЛНЧ/ЕИК: 2" in body) == (True, True)
    (standing,) = [
        each for each in releases.fetch_releases(engine, AS_OF) if each.list_name == "court"
    ]
    assert (standing.state, standing.rows) == ("waiting", 1)
