"""No English in the Bulgarian texts of the pages and no Bulgarian in the English ones; names of
programs are names.
"""

import re
import tomllib
from pathlib import Path

from dunning.decisions.lists.circuit_breaker import Unusual
from dunning.documents.pages.findings_text import describe_unusual, write_error, write_remark
from dunning.documents.pages.html import PAGES, read_texts
from dunning.documents.words import read_words
from dunning.jobs.records.protections import ACCEPTABLE, Protections
from dunning.policy.schema import MEASURES

# What is called so in both languages: programs, files and their keys, units, columns of the
# ledger's own files.
NAMES = {
    "Required",
    "Actions",  # a page of Airflow
    "Airflow",
    "CSV",
    "Excel",
    "SMS",
    "PDF",
    "IBAN",
    "BIC",
    "DAG",
    "English",
    "TOML",
    "people",
    "toml",
    "airflow_id",
    "XLSX",
    "effective_from",
    "approves",
    "release",
    "dunning",
    "SHA",
    "policy",
    "check",
    "mapping",
    "http",
    "https",
    "kB",
    "KiB",
    "MiB",
    "version",
}
_LATIN, _CYRILLIC = re.compile(r"[A-Za-z_]{2,}"), re.compile(r"[А-я]{2,}")
_PLACE = re.compile(r"\{[^}]*\}|`[^`]*`")


def texts_of(language: str) -> dict[str, str]:
    """Return every text of the pages in a language by file and key."""
    names = [
        path.name.removesuffix(f".{language}.toml")
        for path in (PAGES / "texts").glob(f"*.{language}.toml")
    ]
    return {
        f"{name}.{key}": text for name in names for key, text in read_texts(name, language).items()
    }


def words_of(language: str) -> dict[str, str]:
    """Return every word of a code in a language by table and code."""
    words = read_words(language)
    texts = {
        f"{name} {code}": text for name in words.tables for code, text in words.tables[name].items()
    }
    texts |= {
        f"{name} {code}": " ".join(words.forms[name][code])
        for name in words.forms
        for code in words.forms[name]
    }
    return texts


def foreign(text: str, letters: re.Pattern[str]) -> set[str]:
    return set(letters.findall(_PLACE.sub(" ", text))) - NAMES


def test_bulgarian_texts_have_no_english_words() -> None:
    texts = {**texts_of("bg"), **{f"errors.{key}": text for key, text in read_errors().items()}}
    texts |= words_of("bg")
    assert {key: found for key, text in texts.items() if (found := foreign(text, _LATIN))} == {}


def test_english_texts_have_no_bulgarian_words() -> None:
    texts = {**texts_of("en"), **words_of("en")}
    found = {key: found for key, text in texts.items() if (found := foreign(text, _CYRILLIC))}
    assert found == {
        "frame.other_language": {"Български"},
        "rule_value profile.company_id": {"ЕИК"},
    }


def test_both_languages_have_the_same_texts() -> None:
    assert set(texts_of("bg")) == set(texts_of("en"))


def test_what_the_circuit_breaker_says_is_known_in_english() -> None:
    sides = ((9, None, 5), (9, 3, 5), (1, 8, 4))
    findings = [
        Unusual(measure, what, *side)
        for measure in MEASURES
        for what in ("rows", "cents")
        for side in sides
    ]
    findings.append(Unusual("payments", "rows", 1, 1000, 500))
    told = {sentence: write_remark("en", sentence) for sentence in describe_unusual(findings)}
    assert [said for said in told.values() if _CYRILLIC.search(said)] == []
    assert all(
        re.sub(r"\D", "", said) == re.sub(r"\D", "", sentence) for sentence, said in told.items()
    )


def read_errors() -> dict[str, str]:
    return tomllib.loads((PAGES / "errors.toml").read_text("utf-8"))


def test_what_the_desk_does_not_find_is_known_in_bulgarian() -> None:
    """Each sentence of a NotThereError of the pages' jobs, its values taken for words."""
    root = Path(__file__).parents[2] / "dunning"
    files = [
        *(root / "jobs/desk").rglob("*.py"),
        *(root / "web").glob("*.py"),
        root / "decisions/account/story.py",
    ]
    sources = "".join(path.read_text("utf-8") for path in files)
    raised = re.findall(r'raise NotThereError\(\s*((?:f?"[^"]*"\s*)+)\)', sources)
    sentences = ["".join(re.findall(r'"([^"]*)"', told)) for told in raised]
    assert len(sentences) > 8
    unknown = [text for text in sentences if not write_error("bg", fill(text))]
    assert unknown == []


def fill(text: str) -> str:
    """Return a sentence of the code with something in the place of its values."""
    whom = text.replace("{whom}", "premise 1, payer 2").replace("{held}", "it is withheld")
    return re.sub(r"\{[^}]*\}", "2026-11-22", whom)


def test_what_a_night_says_of_lost_protections_is_said_in_english() -> None:
    before = dict.fromkeys(ACCEPTABLE, 7)
    stops = {name: f"{name}_missing" for name in ACCEPTABLE}
    told = Protections(stops, dict.fromkeys(ACCEPTABLE, "a reason"), before, {}).sentences()
    said = [write_remark("en", sentence) for sentence in told]
    assert len(said) == 1 + 2 * len(ACCEPTABLE)
    assert [sentence for sentence in said if _CYRILLIC.search(sentence)] == []
    assert "Lost protection of people: payers (payers.life_support), 7 → missing." in said
