"""The words of a notice: one template per language, made of named blocks.

`templates/notice/notice.v<version>.<language>.txt`. The department writes it; which version holds
on a day is a policy value. A name that the program does not give is refused when the template is
opened, in any branch of the template.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template, TemplateError, TemplateNotFound, meta
from jinja2.nodes import Block as BlockNode
from jinja2.nodes import Getattr, Name
from jinja2.nodes import Template as Tree
from stdnum import iban

from dunning.core.errors import DunningError
from dunning.core.formats import NBSP
from dunning.core.words import CREDIT_NOTE, ITEM_KINDS, LANGUAGES
from dunning.documents.messages.texts import open_templates
from dunning.documents.notice import layout
from dunning.documents.notice.fonts import face
from dunning.documents.words import TEMPLATES, table_of
from dunning.policy.rules import Profile

# What each sentence may name besides what all may.
SENTENCES: Mapping[str, frozenset[str]] = {
    name: frozenset(given.split())
    for name, given in {
        "bill": "kind number period",
        "bill_sum": "bill leva settled",
        "bill_to_pay": "due_on",
        "bill_older": "due_on",
        "bill_overdue": "",
        "bill_held": "is_part",
        "bill_agreed": "is_part",
        "bill_expired": "is_part",
        "bill_settled": "",
        "bill_set_off": "has_credit",
        "no_bill": "",
        "item_original": "original",
        "warning": "amount answer_until warned_on",
        "warning_past": "amount answer_until warned_on",
        "overdue": "amount periods is_one_period items is_several paid_until interest",
        "plan": "agreement_no instalment instalment_on plan",
        "held": "held",
        "expired": "expired items is_several",
        "paid": "paid since",
        "credit": "credit",
        "original": "",
        "page": "page pages",
        "numbers": "premise_no payer_code",
        "kinds": "",
    }.items()
}
# What wording that was sent before these came does without: nothing is printed then.
_LATER = frozenset({"line_to_pay", *(name for name in SENTENCES if name.startswith("bill_"))})
_CONSTANT = frozenset({"supplier", "is_heat", "as_of"})
_SUPPLIER = frozenset(
    {"phone", *(name.removesuffix("_latin") for name in Profile.__dataclass_fields__)}
)


class Wording:
    """The words of one language and service; spaces at both ends of a text are removed.

    kinds: the words of the invoice kinds.
    """

    def __init__(self, template: Template, constant: Mapping[str, Any]) -> None:
        self._template, self._constant = template, dict(constant)
        self.labels = {name: self.write_block(name) if self.has(name) else "" for name in _labels()}
        language = str(self._template.name).split(".")[-2]
        # A version's words stay as they were sent: kinds that came later have theirs elsewhere.
        self.kinds = dict(table_of(language, "notice_kind")) | dict(
            line.split("=", 1) for line in self.write_block("kinds").splitlines()
        )
        self._check()

    def _check(self) -> None:
        """Raise if an invoice kind has no word, or the notice's face lacks a letter of a label."""
        missing = sorted({*ITEM_KINDS, CREDIT_NOTE} - self.kinds.keys())
        if missing:
            raise DunningError(
                f"{self._template.name}: the block `kinds` lacks {missing[0]}. Add a line {missing[0]}=…."
            )
        for name, text in self.labels.items():
            strange = sorted(set(text.replace("\n", "")) - face(False).widths.keys())
            if strange:
                raise DunningError(
                    f"{self._template.name}: the block `{name}` has „{strange[0]}“, which the notice's font cannot "
                    "write. Write it otherwise, there or in profile.toml."
                )

    def has(self, block: str) -> bool:
        """Return whether the wording has a block."""
        return block in self._template.blocks

    def write_block(self, block: str, **facts: Any) -> str:
        """Return the text of a block."""
        return self.block_writer(block)(facts)

    def block_writer(self, block: str) -> Callable[[Mapping[str, Any]], str]:
        """Return a function that renders a block from its facts, for many notices."""
        render, constant = self._template.blocks[block], self._constant
        # Made once: it lists every block of the template.
        context = self._template.new_context({}, shared=True)

        def write_sentence(facts: Mapping[str, Any]) -> str:
            # The context is reused: only its variables change from notice to notice.
            context.parent = {**constant, **facts}
            try:
                return "".join(render(context)).strip().replace("№ ", f"№{NBSP}")
            except (ArithmeticError, LookupError, TemplateError, TypeError, ValueError) as error:
                raise DunningError(
                    f"{self._template.name}: the block `{block}` cannot be written: {error}. Mend the template, then "
                    "run again."
                ) from error

        return write_sentence


def open_wording(
    profile: Profile,
    phone: str,
    as_of: str,
    version: int,
    language: str,
    is_heat: bool,
    templates: Path = TEMPLATES,
) -> Wording:
    """Return the words of a language.

    Args:
        as_of: the date as that language writes it.
        version: which of the department's versions.

    Raises:
        DunningError: no such template, a block too many or missing, or an unknown name in it.
    """
    supplier = _supplier(profile, phone, language)
    template = _open(templates, version, language)
    return Wording(template, {"supplier": supplier, "is_heat": is_heat, "as_of": as_of})


def notice_files(wording: int) -> tuple[str, ...]:
    """Return the file names of a version's templates, below `templates/`.

    >>> notice_files(1)
    ('notice/notice.v1.bg.txt', 'notice/notice.v1.en.txt')
    """
    return tuple(_name(wording, language) for language in LANGUAGES)


def _name(version: int, language: str) -> str:
    return f"notice/notice.v{version}.{language}.txt"


def _read(templates: Path, name: str) -> bytes:
    try:
        return (templates / name).read_bytes()
    except OSError as error:
        raise DunningError(
            f"The wording {name} is missing in {templates}. Write it, or set `wording` in notices.toml to a version "
            "that is there."
        ) from error


def _labels() -> set[str]:
    blocks = [block for block in vars(layout).values() if isinstance(block, layout.Block)]
    return {
        part.name
        for block in blocks
        for part in block.parts
        if isinstance(part, layout.Label | layout.Paragraph)
    }


# Compiled once per process: a batch renders the same few templates for all notices.
@lru_cache(maxsize=16)
def _open(templates: Path, version: int, language: str) -> Template:
    name = _name(version, language)
    source = _read(templates, name).decode("utf-8")
    environment = open_templates(templates)
    try:
        _check(environment, name, source)
        return environment.get_template(name)
    except TemplateNotFound as error:
        raise DunningError(
            f"{name} names another template, {error}, that is not there. Write it out."
        ) from error
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise DunningError(
            f"{templates / name}{f':{line}' if line else ''}: {error}. Mend the template, then run again."
        ) from error


def _check(environment: Environment, name: str, source: str) -> None:
    """Raise if the template has unknown blocks or names, or lacks a block."""
    tree = environment.parse(source, name)
    blocks = {block.name: block for block in tree.find_all(BlockNode)}
    known = _labels() | SENTENCES.keys()
    for block in sorted(known - _LATER - blocks.keys()):
        raise DunningError(
            f"{name}: the block `{block}` is missing. Add {{% block {block} %}}…{{% endblock %}}."
        )
    for block, node in blocks.items():
        if block not in known:
            raise DunningError(
                f"{name}:{node.lineno}: nothing prints the block `{block}`. Delete or rename it."
            )
        given = _CONSTANT | SENTENCES.get(block, frozenset())
        for variable in sorted(_names_of(environment, node) - given):
            raise DunningError(
                f"{name}:{node.lineno}: the block `{block}` names `{variable}`, which is not there. It may name: "
                f"{', '.join(sorted(given))}."
            )
        for part in sorted(_parts_of_supplier(node) - _SUPPLIER):
            raise DunningError(
                f"{name}:{node.lineno}: the block `{block}` names `supplier.{part}`, which is not there. Of the "
                f"supplier it may name: {', '.join(sorted(_SUPPLIER))}."
            )


def _parts_of_supplier(block: BlockNode) -> set[str]:
    return {
        found.attr
        for found in block.find_all(Getattr)
        if isinstance(found.node, Name) and found.node.name == "supplier"
    }


def _names_of(environment: Environment, block: BlockNode) -> set[str]:
    # The block alone as a template: only the names that it uses itself are found.
    tree = Tree(block.body, lineno=block.lineno)
    tree.set_environment(environment)
    return meta.find_undeclared_variables(tree)


def _supplier(profile: Profile, phone: str, language: str) -> dict[str, Any]:
    """Return the supplier's profile in a language.

    Of values that exist in two languages, it has the one of that language.
    """
    values = {name: getattr(profile, name) for name in profile.__dataclass_fields__}
    latin = {
        name.removesuffix("_latin"): value
        for name, value in values.items()
        if name.endswith("_latin")
    }
    own = {name: value for name, value in values.items() if not name.endswith("_latin")}
    grouped = iban.format(profile.iban).replace(" ", NBSP)
    return {**own, **(latin if language != "bg" else {}), "phone": phone, "iban": grouped}
