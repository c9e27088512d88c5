"""Every reason that the code can write has a Bulgarian and an English word; the codes are taken
from the code.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import dunning
from dunning.core import ledger_tables
from dunning.core.ladder import RUNG_NAMES
from dunning.core.words import (
    CASE_OUTCOMES,
    CASE_STAGES,
    CHANNELS,
    HOLD_REASONS,
    ITEM_KINDS,
    LANGUAGES,
    NOTICE_STAGES,
    PAYER_KINDS,
    PROTECTING_COLUMNS,
    PROTECTING_TABLES,
    PROTECTIONS,
    SERVICES,
    STAGES,
)
from dunning.decisions.account import manual_hold_terms
from dunning.decisions.account.ageing import AGES
from dunning.decisions.account.stage_reasons import REASONS, WHY_NOT
from dunning.decisions.compare.changes import KINDS, PLACES
from dunning.decisions.compare.list_membership import LISTS
from dunning.decisions.lists import dropped_rows
from dunning.documents.words import CODES, read_words, table_of
from dunning.jobs.retention import KEPT
from dunning.ledger.check.late_dates import DATED
from dunning.policy.policies import load_policy
from dunning.policy.schema import MEASURES, SHAPES, UNITS

ROOT = Path(dunning.__file__).parent
# Modules that say why a row is withheld, waits for a person or stays here in the last look.
SAYING = (
    "lists/disconnections",
    "lists/reminders",
    "lists/court",
    "lists/dropped_rows",
    "lists/one_message",
    "lists/volume_limits",
    "monthly/notices",
)
RELEASING = ("last_look", "volume")
ACTIONS = ("disconnection_order", "court_case")
_NAMING = {"withhold_rows", "repeat", "scalar"}


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (
        each
        for each in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(each, ast.FunctionDef)
    )


def texts_in(nodes: Iterable[ast.expr | None]) -> set[str]:
    """Return the plain texts among some expressions."""
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def flagged(name: str) -> set[str]:
    """Return the keys of the dictionaries of flags from which a module of the decisions takes its
    reasons.
    """
    saying = ("_withhold_for", "_why_not", "_not_claimed", "explain_dropped", "person_reasons")
    meant = [
        each for each in functions_of(ROOT / f"decisions/{name}.py") if each.name.startswith(saying)
    ]
    flags = [node for each in meant for node in ast.walk(each) if isinstance(node, ast.Dict)]
    return {key for each in flags for key in texts_in(each.keys)}


def given(path: Path) -> set[str]:
    """Return the reasons that a module names where it withholds rows, or says why one stays
    here.
    """
    found: set[str] = set()
    for function in functions_of(path):
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                if called in _NAMING:
                    found |= texts_in(node.args[-1:] if called == "withhold_rows" else node.args)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                names = [each.id for each in node.targets[0].elts if isinstance(each, ast.Name)]
                if names[-1:] == ["reason"] and isinstance(node.value, ast.Tuple):
                    found |= texts_in(node.value.elts[-1:])
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                if node.targets[0].id == "reason":
                    found |= texts_in([node.value])
    return found


def guarded() -> set[str]:
    """Return the stop of each table and column whose loss stops every list, under any version of
    the policy.
    """
    columns = {
        f"{name}.{column}" for name, columns in PROTECTING_COLUMNS.items() for column in columns
    }
    versions = load_policy().rule_files["loading"].versions
    named = {name for version in versions for name in version.values["tables_guarded"]}
    return {
        f"{name}_{what}"
        for name in {*PROTECTING_TABLES, *columns, *named}
        for what in ("missing", "shrank")
    }


def listing_codes() -> set[str]:
    """Return every code that may stand where a list says why a row is withheld, waits or stays
    here.
    """
    codes = {
        code for name in SAYING for code in flagged(name) | given(ROOT / f"decisions/{name}.py")
    }
    codes |= {code for name in RELEASING for code in given(ROOT / f"jobs/release/{name}.py")}
    codes |= {
        manual_hold_terms._CODES.get(reason, f"hold_{reason}")
        for reason in manual_hold_terms.REASONS
    }
    return (codes | set(dropped_rows._ELSE.values()) | guarded() | set(ledger_tables.REASONS)) - {
        ""
    }


def test_the_codes_are_found_in_the_code() -> None:
    known = {
        "refused_evidence",
        "no_tenancy",
        "life_support",
        "vulnerable",
        "kept_agreement",
        "same_premise",
        "no_lawful_day",
        "expired_only",
        "no_address",
        "below_channel_minimum",
        "on_list",
        "ramp",
        "acted",
        "gone",
        "amount_fell",
        "stage_changed",
        "over_capacity",
        "paid",
        "shielded",
        "not_disconnectable",
        "below_threshold",
        "sent_lately",
        "warning_not_served",
        "too_recent",
        "not_due",
        "invoice_gone",
        "no_warned_debt",
        "not_court_bound",
        "struck",
        "hold_dispute",
        "payers.life_support_missing",
        "holds_shrank",
        "bad_date",
        "above_order_ceiling",
        "window_over",
    }
    assert known - listing_codes() == set()


def test_every_reason_of_a_list_has_a_word_in_both_languages() -> None:
    for language in LANGUAGES:
        assert sorted(listing_codes() - table_of(language, CODES).keys()) == []


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("account_reason", REASONS),
        ("why_not", WHY_NOT),
        ("protection", manual_hold_terms.REASONS),
        ("action", (*NOTICE_STAGES, *ACTIONS)),
        ("measure", MEASURES),
        ("kept_for", KEPT),
        ("table", ledger_tables.TABLES),
        ("hold", HOLD_REASONS),
        ("shield", PROTECTIONS[1:]),
        ("case_stage", CASE_STAGES),
        ("case_outcome", CASE_OUTCOMES),
        ("message", NOTICE_STAGES),
        ("payer", PAYER_KINDS),
        ("stage_rule", RUNG_NAMES),
        ("change", KINDS),
        ("change_sentence", KINDS),
        ("stage_short", PLACES),
        ("answer", ("approved", "rejected", "expired", "automatic")),
        ("counted_rows", DATED),
        ("rule_file", SHAPES),
        ("unit", dict.fromkeys(UNITS.values())),
    ],
)
def test_a_table_has_a_word_for_each_of_its_codes_and_no_other(
    table: str, codes: Iterable[str]
) -> None:
    words = read_words("bg")
    known = words.forms.get(table) or words.tables[table]
    assert sorted(known) == sorted(codes)


@pytest.mark.parametrize(
    "codes",
    [
        STAGES,
        CHANNELS,
        SERVICES,
        ITEM_KINDS,
        PLACES,
        LISTS,
        AGES,
        ledger_tables.REASONS,
    ],
)
def test_every_code_of_a_closed_list_has_a_word(codes: Iterable[str]) -> None:
    assert [code for code in codes if code not in table_of("bg", CODES)] == []
