"""What the check of a policy says is said in Bulgarian, whatever is wrong with a file that may be
tried.
"""

import re
from pathlib import Path

import pytest

from dunning.documents.pages.findings_text import is_translated, write_finding
from dunning.jobs.desk.what_if.drafts import FILES
from dunning.policy.check import check_values
from dunning.policy.policies import BUILT_IN, Policy, load_policy
from dunning.policy.reading import read_rule_file

STRANGE = (
    '"много"',
    "-1",
    "999999999999",
    "1.234",
    "0.5",
    "[1]",
    "2026-01-01",
    "true",
    "[]",
    '["a", "a"]',
    '""',
)


def said_of(policy: Policy, name: str, data: bytes) -> set[str]:
    """Return every problem and cure of a policy in which one file is another."""
    rule_file, findings = read_rule_file(name, data)
    if rule_file is not None:
        findings = check_values(Policy({**policy.rule_files, name: rule_file}))
    return {sentence for finding in findings for sentence in (finding.problem, finding.cure)}


def ruin(text: str) -> list[str]:
    """Return a rule file with a line of its head or last version wrong: another value or key,
    missing, doubled.
    """
    lines = text.splitlines()
    last = max(number for number, line in enumerate(lines) if line == "[[version]]")
    ruined = []
    for number, line in enumerate(lines):
        if 3 < number < last:
            continue
        key, sign, _ = line.partition(" = ")
        others = [f"{key} = {value}" for value in STRANGE] if sign else []
        for other in [
            *others,
            f"{key}_x = 1" if sign else "[version.odd]",
            "",
            f"{line}\n{line}",
            "???",
        ]:
            ruined.append("\n".join([*lines[:number], other, *lines[number + 1 :]]))
    return ruined


@pytest.mark.parametrize("file", FILES)
def test_every_way_to_ruin_a_file_is_told_in_bulgarian(file: str) -> None:
    policy, name = load_policy(), file.removesuffix(".toml")
    texts = ruin(policy.files()[file].decode())
    said = {sentence for text in texts for sentence in said_of(policy, name, text.encode())}

    assert said
    assert {sentence for sentence in said if not is_translated(sentence)} == set()


def test_values_are_taken_over() -> None:
    told = [
        "`court_bound.amount_cents_min` is 10000, below `final_warning.amount_cents_min` 20000: the order of stages is "
        "broken.",
        "`years` is a text (три), not a whole number.",
    ]

    assert [write_finding("bg", sentence) for sentence in told] == [
        "`court_bound.amount_cents_min` е 10000, по-малко от `final_warning.amount_cents_min` 20000: редът на "
        "етапите е нарушен.",
        "`years` е текст (три), а не цяло число.",
    ]
    assert [write_finding("en", sentence) for sentence in told] == told


def test_no_translation_forgets_or_invents_a_value() -> None:
    lines = (
        (Path(BUILT_IN).parents[2] / "templates" / "web" / "findings.toml")
        .read_text("utf-8")
        .splitlines()
    )
    pairs = [line.rpartition('" = "')[::2] for line in lines if line.startswith('"')]

    assert pairs
    assert [
        pair
        for pair in pairs
        if len({tuple(sorted(re.findall(r"\{\w+\}", side))) for side in pair}) != 1
    ] == []
