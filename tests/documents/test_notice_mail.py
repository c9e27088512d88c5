"""The e-mail that carries a notice: short, kind, nothing that a stranger could read out of it;
lists part by part.
"""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from dunning.core.errors import DunningError
from dunning.documents.lists.csv_files import render_csv, stream_csv
from dunning.documents.lists.list_columns import EMAIL
from dunning.documents.messages.notice_mail import MailHead, mail_files, write_mails
from dunning.documents.words import TEMPLATES
from dunning.policy.policies import load_policy

AS_OF = date(2026, 11, 22)
PROFILE = load_policy().at(AS_OF).profile
LINK = "https://www.primer.example/r/0123456789abcdef"


def mail(
    language: str = "bg",
    service: str = "heat",
    link: str | None = LINK,
    head: MailHead | None = None,
) -> dict:
    rows = pa.table({"premise_no": ["0012344217"], "service": [service], "language": [language]})
    (written,) = write_mails(rows, [link], head or MailHead(PROFILE, "0700 11 111", 1)).to_pylist()
    return written


def head_of(folder: Path, text: str, wording: int = 1) -> MailHead:
    (folder / "email").mkdir(exist_ok=True)
    for name in mail_files(wording):
        (folder / name).write_text(text, "utf-8")
    return MailHead(PROFILE, "0700 11 111", wording, folder)


@pytest.mark.parametrize("language", ["bg", "en"])
@pytest.mark.parametrize("service", ["heat", "electricity"])
def test_it_says_what_is_attached_and_how_to_confirm_and_ask(language: str, service: str) -> None:
    written = mail(language, service)
    whole = written["subject"] + written["text"]

    assert written["subject"].endswith("…4217")
    assert "PDF" in written["text"]
    assert LINK in written["text"].splitlines()
    assert written["text"].count("0700 11 111") == 2
    assert PROFILE.name if language == "bg" else PROFILE.name_latin in written["text"]
    assert "0012344217" not in whole
    assert not any(sign in whole for sign in ("€", "!", "длъжник", "незабавно", "None", "\n\n\n"))


def test_without_a_page_there_is_no_link() -> None:
    assert "http" not in mail(link=None)["text"]
    assert "потвърдете" not in mail(link=None)["text"]


def test_services_are_told_apart() -> None:
    assert len({mail(service=service)["subject"] for service in ("heat", "electricity")}) == 2


def test_no_notices_no_mails() -> None:
    nobody = pa.table(
        {name: pa.array([], pa.string()) for name in ("premise_no", "service", "language")}
    )

    assert write_mails(nobody, [], MailHead(PROFILE, "0700", 1)).num_rows == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Тема\n\n{{ amount }}", "UndefinedError: 'amount' is undefined"),
        ("Тема\n\n{% if %}", "TemplateSyntaxError"),
        ("Тема", "gives no text"),
        ("", "gives no text"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DunningError, match=r"templates/email/notice\.v3\.bg\.txt") as refused:
        mail(head=head_of(tmp_path, text, 3))
    assert told in str(refused.value)


def test_a_version_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DunningError, match=r"templates/email/notice.v3.bg.txt cannot be used \(TemplateNotFound"
    ):
        mail(head=MailHead(PROFILE, "0700", 3, TEMPLATES))


def test_text_is_put_in_as_it_is(tmp_path: Path) -> None:
    written = mail(
        link="https://x/{{ 7 * 7 }}<b>", head=head_of(tmp_path, "Тема <b>\n\n{{ link }} & още")
    )

    assert written == {"subject": "Тема <b>", "text": "https://x/{{ 7 * 7 }}<b> & още"}


@pytest.mark.parametrize("cuts", [(), (0, 0), (1,), (2, 3), (1, 1, 2)])
def test_a_list_written_part_by_part_is_the_same(cuts: tuple[int, ...]) -> None:
    columns = {column.name: [f"{column.name}; {n}" for n in range(4)] for column in EMAIL.columns}
    whole = pa.table(columns | {"send_until": [AS_OF] * 4})
    parts = [whole.slice(first, end - first) for first, end in pairwise([0, *cuts, 4])]

    assert b"".join(stream_csv(parts, EMAIL.columns)) == render_csv(whole, EMAIL.columns)
