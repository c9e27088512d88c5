"""The department's words: what is wrong in a template is told before anything is printed, with
place and cure.
"""

import re
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.core.words import DEBT_KINDS, LANGUAGES, SERVICES
from dunning.documents.notice.printing import print_singles
from dunning.documents.notice.run_constants import Press, write_day
from dunning.documents.notice.wording import SENTENCES, Wording, open_wording
from dunning.documents.words import TEMPLATES
from tests.documents.notice.notices import PRESS, RULES, notice, table

BLOCK = re.compile(r"{% block (\w+) %}")
BG, EN = ("notice/notice.v2.bg.txt", "notice/notice.v2.en.txt")


def source(language: str) -> str:
    return (TEMPLATES / "notice" / f"notice.v2.{language}.txt").read_text("utf-8")


def with_words(folder: Path, old: str, new: str, language: str = "bg") -> Path:
    """Return a folder of templates in which one thing is another."""
    (folder / "notice").mkdir(parents=True, exist_ok=True)
    for name in LANGUAGES:
        text = source(name)
        if name == language:
            assert text.count(old) >= 1
            text = text.replace(old, new, 1)
        (folder / "notice" / f"notice.v2.{name}.txt").write_text(text, "utf-8")
    return folder


def open_words(
    templates: Path, language: str = "bg", service: str = "heat", version: int = 2
) -> Wording:
    day = write_day(PRESS.as_of, language)
    return open_wording(
        RULES.profile, PRESS.phone, day, version, language, service == "heat", templates
    )


def refused(templates: Path, language: str = "bg", version: int = 2) -> str:
    with pytest.raises(DunningError) as told:
        open_words(templates, language, version=version)
    return str(told.value)


def line_of(templates: Path, what: str, language: str = "bg", last: bool = False) -> int:
    lines = (templates / "notice" / f"notice.v2.{language}.txt").read_text("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if what in line][-1 if last else 0]


@pytest.mark.parametrize(
    "wrong",
    [
        "{{ amuont }}",
        "{% if false %}{{ amuont }}{% endif %}",  # a branch that is never taken
        "{% if is_heat %}{% elif amuont %}x{% endif %}",
        "{% for one in amuont %}{% endfor %}",
        "{{ amount | replace(amuont, '') }}",
        "{% set shown = amuont %}",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_that_nothing_stands_for_is_refused_with_its_place(
    wrong: str, language: str, tmp_path: Path
) -> None:
    templates = with_words(
        tmp_path, "{% block warning %}", f"{{% block warning %}}{wrong}", language
    )
    told = refused(templates, language)

    assert (
        f"notice.v2.{language}.txt:{line_of(templates, '{% block warning %}', language)}: " in told
    )
    assert (
        "the block `warning` names `amuont`, which is not there. It may name: amount, answer_until, as_of"
        in told
    )


def test_a_name_of_another_block_is_unknown_too(tmp_path: Path) -> None:
    told = refused(with_words(tmp_path, "{% block held %}", "{% block held %}{{ plan }}"))

    assert (
        "the block `held` names `plan`, which is not there. It may name: as_of, held, is_heat, supplier."
        in told
    )


def test_a_part_of_the_supplier_that_is_not_there_is_refused(tmp_path: Path) -> None:
    templates = with_words(
        tmp_path, "{% block plan %}", "{% block plan %}{% if false %}{{ supplier.fax }}{% endif %}"
    )
    told = refused(templates)

    assert (
        f"{BG}:{line_of(templates, 'supplier.fax')}: the block `plan` names `supplier.fax`" in told
    )
    assert "Of the supplier it may name: address, bank, bic, company_id" in told


@pytest.mark.parametrize(
    "wrong", ["{{ held // 2 }}", "{{ held.euro }}", "{{ held[99] }}", "{{ 1 // 0 }}"]
)
def test_what_cannot_be_written_is_told_with_its_block(wrong: str, tmp_path: Path) -> None:
    words = open_words(with_words(tmp_path, "{% block held %}", f"{{% block held %}}{wrong}"))

    with pytest.raises(
        DunningError, match=r"notice\.v2\.bg\.txt: the block `held` cannot be written: .*Mend the"
    ):
        words.write_block("held", held="1,00 €")


@pytest.mark.parametrize("block", ["warning", "title", "kinds", "card_return"])
def test_a_missing_block_is_refused(block: str, tmp_path: Path) -> None:
    text = re.search(rf"{{% block {block} %}}.*?{{% endblock %}}", source("bg"), re.DOTALL)
    assert text is not None
    told = refused(with_words(tmp_path, text[0], ""))

    assert (
        f"{BG}: the block `{block}` is missing. Add {{% block {block} %}}…{{% endblock %}}." in told
    )


def test_a_block_that_nothing_prints_is_refused(tmp_path: Path) -> None:
    templates = with_words(
        tmp_path, "{% block plan %}", "{% block farewell %}Чао{% endblock %}\n{% block plan %}"
    )

    assert refused(templates) == (
        f"{BG}:{line_of(templates, 'farewell')}: nothing prints the block `farewell`. Delete or rename it."
    )


@pytest.mark.parametrize(
    "wrong", ["{% if %}x{% endif %}", "{{ amount", "{% endfor %}", "{{ a b }}", "{{ a | b }}"]
)
def test_a_slip_of_the_pen_is_told_with_file_and_line(wrong: str, tmp_path: Path) -> None:
    templates = with_words(tmp_path, "{% block held %}", f"{wrong}{{% block held %}}")
    told = refused(templates)

    place = re.search(rf"{re.escape(BG)}:(\d+)", told)
    assert place is not None, told
    assert int(place[1]) == line_of(templates, f"{wrong}{{% block held %}}")
    assert "Mend the template" in told


def test_a_block_that_is_there_twice_is_told_where_it_is_again(tmp_path: Path) -> None:
    templates = with_words(
        tmp_path, "{% block held %}", "{% block paid %}{% endblock %}{% block held %}"
    )

    assert (
        f"{BG}:{line_of(templates, '{% block paid %}', last=True)}: block 'paid' defined twice"
        in refused(templates)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_version_or_language_is_told(language: str, tmp_path: Path) -> None:
    templates = with_words(tmp_path, "Абонатен номер", "Абонатен номер")
    absent = f"notice/notice.v3.{language}.txt"
    assert f"The wording {absent} is missing" in refused(templates, language, version=3)

    (templates / "notice" / f"notice.v2.{language}.txt").unlink()
    assert f"The wording notice/notice.v2.{language}.txt is missing" in refused(templates, language)


@pytest.mark.parametrize("kind", [*DEBT_KINDS, "credit_note"])
def test_a_missing_kind_is_told(kind: str, tmp_path: Path) -> None:
    line = next(line for line in source("en").splitlines() if line.startswith(f"{kind}="))
    told = refused(with_words(tmp_path, f"{line}\n", "", "en"), "en")

    assert f"{EN}: the block `kinds` lacks {kind}. Add a line {kind}=…." in told


def test_nothing_is_printed_with_a_template_that_is_wrong(tmp_path: Path) -> None:
    """Also of a language in which nobody is written to: it would be found out in the middle of the
    next month.
    """
    templates = with_words(tmp_path, "{% block paid %}", "{% block paid %}{{ nothing }}", "en")
    press = Press(
        PRESS.as_of,
        PRESS.since,
        PRESS.paid_until,
        PRESS.profile,
        PRESS.phone,
        PRESS.wording,
        templates,
    )

    with pytest.raises(DunningError, match="names `nothing`"):
        list(print_singles(table(notice()), press))


def test_both_languages_have_the_same_blocks() -> None:
    bulgarian, english = (BLOCK.findall(source(language)) for language in ("bg", "en"))

    assert bulgarian == english
    assert len(bulgarian) == len(set(bulgarian)) > 60
    assert SENTENCES.keys() <= set(bulgarian)


def test_both_languages_say_the_same_names() -> None:
    """What one language tells in a sentence, the other tells as well."""

    def names(language: str) -> dict[str, set[str]]:
        blocks = re.findall(r"{% block (\w+) %}(.*?){% endblock %}", source(language), re.DOTALL)
        words = re.compile(r"(?:{{|{% (?:if|for \w+ in)) ?([\w.]+)")
        return {name: set(words.findall(text)) for name, text in blocks}

    assert names("bg") == names("en")


def test_labels_in_english_have_no_cyrillic_but_the_names_of_the_two_numbers() -> None:
    for service in SERVICES:
        words = open_words(TEMPLATES, "en", service)
        texts = {**words.labels, **{f"kind {kind}": word for kind, word in words.kinds.items()}}
        cyrillic = {
            name: re.findall(r"\([^()]*[а-яА-Я][^()]*\)|\S*[а-яА-Я]\S*", text)
            for name, text in texts.items()
        }

        assert {name: found for name, found in cyrillic.items() if found} == {
            "premise_no_label": ["(абонатен №)"],
            "payer_code_label": ["(код на платец)"],
        }


def test_words_follow_the_service() -> None:
    titles = {
        (language, service): open_words(TEMPLATES, language, service).labels["title"]
        for language in LANGUAGES
        for service in SERVICES
    }

    assert titles["bg", "heat"].endswith("за топлинна енергия")
    assert titles["bg", "electricity"].endswith("за електрическа енергия")
    assert len(set(titles.values())) == len(titles)


def test_letters_that_the_notice_cannot_write_are_told(tmp_path: Path) -> None:
    told = refused(with_words(tmp_path, "Как да платите", "Как да платите Ω"))

    assert f"{BG}: the block `pay_title` has „Ω“, which the notice's font cannot write." in told
