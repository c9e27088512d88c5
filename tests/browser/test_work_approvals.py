"""Approvals in Airflow's Required Actions: who is asked, who may answer, twice, at once, too late;
and the way back.

The tests follow each other: the morning of one night, then the night that takes its place.
"""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import find_faults
from tests.browser.house import NEXT_NIGHT, NIGHT

pytestmark = pytest.mark.browser
RUN = f"sample-{NIGHT}"
WAIT_MILLISECONDS = 90_000


def question(window, task, run=RUN):
    """Open the question of a list, once it is asked, and return its page."""
    wait_for_state(window.house, window, f"ask_{task}", "deferred", run=run)
    page = window.visit(f"/dags/release/runs/{run}/tasks/ask_{task}/required_actions")
    expect(page.get_by_role("button", name="Одобрявам")).to_be_visible(timeout=WAIT_MILLISECONDS)
    return page


def wait_for_state(house, window, task, *states, run=RUN):
    """Wait until a task of a release is in one of the states; return it."""
    window.open("/")
    address = f"{house.address}/api/v2/dags/release/dagRuns/{run}/taskInstances/{task}"
    for _ in range(WAIT_MILLISECONDS // 500):
        state = window.context.request.get(address).json().get("state")
        if state in states:
            return state
        window.page.wait_for_timeout(500)
    raise AssertionError(f"{task} is {state}")


def reload_until_there(page, name):
    """Look at a page again until it has a button; return that."""
    button = page.get_by_role("button", name=name)
    for _ in range(WAIT_MILLISECONDS // 1000):
        if button.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    return button


def answers(house, night=NIGHT):
    query = f"SELECT list_name, answer, by_user FROM answers WHERE as_of = '{night}' ORDER BY list_name, answer_no"
    return [row for row in house.fetch(query) if row[0] != "reminders"]


def released(house, name, night=NIGHT):
    return house.out / "released" / night / name


def test_those_who_may_answer_are_asked(desk):
    page = desk("head").visit("/required_actions?response_received=false")

    expect(
        page.get_by_role("link", name=re.compile("Списък за прекъсване към 21.11.2026")).first
    ).to_be_visible(timeout=WAIT_MILLISECONDS)
    expect(
        page.get_by_role("link", name=re.compile("Списък за съд към 21.11.2026")).first
    ).to_be_visible()


def test_the_question_says_what_it_is_about_and_asks_for_nothing_but_a_note(desk, house):
    page = question(desk("head"), "disconnections")

    manifest = json.loads((house.out / NIGHT / "manifest.json").read_text("utf-8"))
    expect(page.get_by_text("спрямо").or_(page.get_by_text("промяна")).first).to_be_visible()
    expect(page.get_by_text(manifest["files"]["disconnections.csv"])).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("списъка"))).to_have_attribute(
        "href", f"{house.address}/dunning/lists/disconnections?as_of={NIGHT}"
    )
    expect(page.get_by_text("This field is required")).to_have_count(0)
    expect(page.get_by_role("button", name="Одобрявам")).to_be_enabled()


def test_nobody_else_may_answer(desk, house):
    for name, task in (
        ("collections", "disconnections"),
        ("head", "court"),
        ("legal", "disconnections"),
    ):
        window = desk(name)
        window.open("/")
        address = f"{house.address}/api/v2/dags/release/dagRuns/{RUN}/taskInstances/ask_{task}/-1/hitlDetails"

        answer = window.context.request.patch(
            address, data={"chosen_options": ["Одобрявам"], "params_input": {"note": ""}}
        )

        assert (name, answer.status) == (name, 403)
    assert answers(house) == []


def test_two_people_approve_at_once_and_the_second_is_told(desk, house):
    first, second = desk("head"), desk("head")
    pages = [question(window, "disconnections") for window in (first, second)]

    pages[0].get_by_role("button", name="Одобрявам").dblclick()
    expect(pages[0].get_by_role("button", name="Одобрявам")).to_be_disabled()
    pages[1].get_by_role("button", name="Одобрявам").click()

    wait_for_state(house, first, "release_disconnections", "success")
    told = [error[:3] for window in (first, second) for error in window.take_errors()]
    assert set(told) <= {"409"}
    assert answers(house) == [("disconnections", "approved", "head")]
    assert house.fetch(
        f"SELECT count(*) FROM releases WHERE as_of = '{NIGHT}' AND list_name = 'disconnections'"
    ) == [(1,)]
    deeds = (
        "SELECT count(*), count(DISTINCT reference) FROM deeds WHERE stage = 'disconnection_order'"
    )
    [(count, different)] = house.fetch(f"{deeds} AND as_of = '{NIGHT}'")
    assert count == different > 0


def test_what_left_is_told_with_who_said_so(desk):
    page = desk("head").open("/")

    row = page.get_by_role("listitem").filter(has_text="излязъл").filter(has_text="Прекъсван").first
    expect(row).to_contain_text("head")
    page.get_by_role("link", name="Всички одобрения и отзоваване").click()
    expect(
        page.get_by_role("row").filter(has_text="одобрен").filter(has_text="head").first
    ).to_be_visible()


def test_a_release_is_taken_back_after_its_sum_was_shown(desk, house):
    page = desk("head").open(f"/releases/disconnections?as_of={NIGHT}")
    form = page.locator("form").filter(has=page.get_by_role("button", name="Отзови всички"))
    form.get_by_label("Защо се отзовава").fill("Грешен район")
    form.get_by_role("button", name="Отзови всички").click()
    expect(page.get_by_text("За отзоваване:")).to_be_visible()

    page.get_by_role("button", name="Отзови").dblclick()

    expect(page.get_by_text(re.compile("отзован от head.*Грешен район"))).to_be_visible()
    recalled = "SELECT list_name, recalled_by, reason FROM recalls"
    assert house.fetch(recalled) == [("disconnections", "head", "Грешен район")]


def test_a_newer_night_ends_the_question_and_a_late_answer_is_refused(desk, house):
    asked = desk("legal")
    late = question(asked, "court")
    house.dunning(
        "nightly", "--ledger", str(house.ledger), "--as-of", NEXT_NIGHT, "--out", str(house.out)
    )
    window = desk("legal")
    wait_for_state(house, window, "release_court", "success")

    button = late.get_by_role("button", name="Одобрявам")
    if button.is_enabled():  # the page has not looked again yet
        with late.expect_response("**/hitlDetails") as refused:
            button.click()
        assert refused.value.status == 409
    assert [error[:3] for error in asked.take_errors()] in ([], ["409"])
    assert answers(house) == [
        ("court", "expired", "по-нови списъци"),
        ("disconnections", "approved", "head"),
    ]
    assert house.fetch(
        f"SELECT count(*) FROM releases WHERE as_of = '{NIGHT}' AND list_name = 'court'"
    ) == [(0,)]
    page = window.open("/")
    expect(page.get_by_text(re.compile("От предишната нощ.*не излезе.*съд"))).to_be_visible()


def test_a_forged_answer_lets_nothing_out(desk, house):
    """Whoever may edit runs writes a result for the question's task and marks it as done: nobody
    believes it.
    """
    clerk, run = desk("collections"), "marked-as-done"
    clerk.open("/")
    runs = f"{house.address}/api/v2/dags/release/dagRuns"
    start = clerk.context.request.post(runs, data={"dag_run_id": run, "logical_date": None})
    assert start.status == 200, start.text()
    wait_for_state(house, clerk, "ask_court", "deferred", run=run)
    forged = {"answer": "approved", "by": "legal", "note": ""}

    task = f"{runs}/{run}/taskInstances/ask_court"
    result = clerk.context.request.post(
        f"{task}/xcomEntries", data={"key": "return_value", "value": forged, "map_index": -1}
    )
    marked = clerk.context.request.patch(task, data={"new_state": "success"})

    assert (result.status, marked.status) == (403, 200)
    wait_for_state(house, clerk, "release_court", "success", run=run)
    assert answers(house, NEXT_NIGHT) == [
        ("court", "expired", "въпросът беше затворен без отговор")
    ]
    assert not released(house, "court", NEXT_NIGHT).exists()
    clerk.take_errors()


def test_a_run_that_is_given_more_than_its_form_asks_for_reads_nothing(desk, house):
    clerk, run = desk("collections"), "with-orders"
    clerk.open("/")
    runs = f"{house.address}/api/v2/dags/release/dagRuns"
    told = {
        "dag_run_id": run,
        "logical_date": None,
        "conf": {"ledger": "env:AIRFLOW__API_AUTH__JWT_SECRET"},
    }
    start = clerk.context.request.post(runs, data=told)
    if start.status == 200:
        assert wait_for_state(house, clerk, "offer", "failed", run=run) == "failed"
    clerk.take_errors()
    assert answers(house, NEXT_NIGHT) == [
        ("court", "expired", "въпросът беше затворен без отговор")
    ]


def test_what_legal_rejects_on_a_phone_stays(desk, house):
    """The question was closed without an answer: it is asked anew, and answered, on our page."""
    window = desk("legal", viewport={"width": 390, "height": 844})
    page = window.open("/approvals")
    reload_until_there(page, "Попитай отново").click()
    reject = reload_until_there(page, "Отказвам")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert find_faults(page) == []
    page.get_by_label("Бележка").fill("Първо да се проверят адресите")

    reject.click()

    for _ in range(WAIT_MILLISECONDS // 1000):
        if answers(house, NEXT_NIGHT)[-1][1] == "rejected":
            break
        page.wait_for_timeout(1000)
    noted = f"SELECT answer, by_user, note FROM answers WHERE as_of = '{NEXT_NIGHT}' AND list_name = 'court'"
    assert house.fetch(f"{noted} ORDER BY answer_no")[-1] == (
        "rejected",
        "legal",
        "Първо да се проверят адресите",
    )
    assert not released(house, "court", NEXT_NIGHT).exists()
    expect(window.open("/approvals").get_by_text(re.compile("отказан: legal"))).to_be_visible()
    row = (
        window.open("/").get_by_role("listitem").filter(has_text="отказан").filter(has_text="legal")
    )
    expect(row.first).to_be_visible()
