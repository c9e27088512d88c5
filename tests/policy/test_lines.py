"""On which line a key stands, in every way in which TOML lets it be written."""

from dunning.policy.lines import find_lines

TEXT = '''# head
selected_by = "as_of"  # which day

[[version]]
effective_from = 1990-01-01
reason = """
overdue = 1
[[version]]
"""
kinds = [
  "bill",  # [
  "fee",
]
plan = { a = 1, b = [2] }
[ version.overdue ]
"days_min" = 1
title = "a # b ["
after = 2

[[version]]  # second
effective_from = 2026-01-01
'''


def test_keys_are_found_past_texts_lists_tables_and_comments() -> None:
    lines = find_lines(TEXT)
    numbered = {
        (-1, "selected_by"): 2,
        (0, ""): 4,
        (0, "effective_from"): 5,
        (0, "reason"): 6,
        (0, "kinds"): 10,
        (0, "plan"): 14,
        (0, "overdue"): 15,
        (0, "overdue.days_min"): 16,
        (0, "overdue.title"): 17,
        (0, "overdue.after"): 18,
        (1, ""): 20,
        (1, "effective_from"): 21,
    }
    assert lines == numbered
