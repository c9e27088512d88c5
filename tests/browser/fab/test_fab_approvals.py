"""Approvals by users whom Airflow knows by FAB's numbers. The tests follow each other, as those of
the local house.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import test_work_approvals

pytestmark = [pytest.mark.browser, pytest.mark.fab]

test_those_who_may_answer_are_asked = test_work_approvals.test_those_who_may_answer_are_asked
test_nobody_else_may_answer = test_work_approvals.test_nobody_else_may_answer
test_two_people_approve_at_once = (
    test_work_approvals.test_two_people_approve_at_once_and_the_second_is_told
)
test_what_left_is_told_with_who_said_so = (
    test_work_approvals.test_what_left_is_told_with_who_said_so
)
test_a_release_is_taken_back = (
    test_work_approvals.test_a_release_is_taken_back_after_its_sum_was_shown
)


def test_the_questions_stand_in_the_navigation(desk):
    page = desk("head").visit("/")

    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name=re.compile("Required Actions")).click()

    expect(page.get_by_role("heading", name=re.compile("Required Action"))).to_be_visible()
