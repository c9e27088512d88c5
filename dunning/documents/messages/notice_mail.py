"""The e-mail with a monthly notice: subject and text, from the department's templates.

`templates/email/notice.v<version>.<language>.txt`; the first line is the subject. The version is
the notice's own; what has once been sent is frozen. It contains no sum, name or day: those
are in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Template, TemplateError

from dunning.core.errors import DunningError
from dunning.core.words import LANGUAGES
from dunning.documents.messages.texts import open_templates
from dunning.documents.words import TEMPLATES
from dunning.policy.rules import Profile


@dataclass(frozen=True)
class MailHead:
    """Facts that all these e-mails share. wording: the version of the templates."""

    profile: Profile
    phone: str
    wording: int
    templates: Path = TEMPLATES


def write_mails(notices: pa.Table, links: list[str | None], head: MailHead) -> pa.Table:
    """Return `subject` and `text` of the e-mail of each notice.

    Args:
        notices: premise_no, service, language.
        links: where the receipt of each can be confirmed; None where it cannot.

    Raises:
        DunningError: a template is missing, names something that is not given, or has no subject.
    """
    columns = (notices[name].to_pylist() for name in ("premise_no", "service", "language"))
    mails = [
        _write(head, language, service, {"number_tail": premise_no[-4:], "link": link})
        for premise_no, service, language, link in zip(*columns, links, strict=True)
    ]
    subjects, texts = zip(*mails, strict=True) if mails else ((), ())
    return pa.table(
        {"subject": pa.array(subjects, pa.string()), "text": pa.array(texts, pa.string())}
    )


def mail_files(wording: int) -> tuple[str, ...]:
    """Return the file names of a version's templates, below `templates/`.

    >>> mail_files(1)
    ('email/notice.v1.bg.txt', 'email/notice.v1.en.txt')
    """
    return tuple(f"email/notice.v{wording}.{language}.txt" for language in LANGUAGES)


def _write(
    head: MailHead, language: str, service: str, facts: Mapping[str, Any]
) -> tuple[str, str]:
    name = mail_files(head.wording)[LANGUAGES.index(language)]
    is_bulgarian = language == LANGUAGES[0]
    supplier = head.profile.name if is_bulgarian else head.profile.name_latin
    try:
        written = _template(head.templates, name).render(
            **facts,
            is_heat=service == "heat",
            supplier=supplier,
            phone=head.phone,
            email=head.profile.email,
        )
    except (TemplateError, OSError) as error:
        raise DunningError(
            f"templates/{name} cannot be used ({type(error).__name__}: {error}), so no notice can be sent by e-mail. "
            "Correct the template and run again."
        ) from error
    subject, _, text = written.strip().partition("\n")
    if not subject or not text.strip():
        raise DunningError(
            f"templates/{name} gives no text: its first line is the subject, the rest the text."
        )
    return subject, text.lstrip("\n")


@lru_cache(maxsize=16)
def _template(templates: Path, name: str) -> Template:
    return open_templates(templates).get_template(name)
