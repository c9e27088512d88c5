"""What another rule would have made of last night, and of nights before it: asked on a page, answered beside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError, NotThereError
from dunning.core.money import format_minor
from dunning.documents.changes_list import COLUMNS
from dunning.documents.csv_files import parse_csv
from dunning.gateways import what_if_shelf
from dunning.gateways.store import runs
from dunning.gateways.what_if_shelf import Order
from dunning.jobs.desk.office import Office
from dunning.jobs.desk.policy import current_policy
from dunning.jobs.load import load_checked_policy
from dunning.policy.policies import Policy

NIGHTS_MAX = 7
PAGE_ROWS = 50
_NUMBER = re.compile(r"[0-9a-f]{16}")
_STAGES = ("overdue", "final_warning", "court_bound")


@dataclass(frozen=True)
class Threshold:
    """A quick knob of the stages: its key, what it is called, its value as people write it (euro, or days)."""

    key: str
    stage: str
    is_money: bool
    value: str


@dataclass(frozen=True)
class Form:
    """What a what-if starts from: the rule files' texts, the thresholds, the nights that can be tried."""

    texts: Mapping[str, str]
    thresholds: Sequence[Threshold]
    nights: Sequence[date]


@dataclass(frozen=True)
class NightResult:
    """What became of one night. state: `waiting`, `done`, `failed` or `interrupted`. sums: a page of text.

    rows: a page of its moves, those of the most money first; count: of all that are filtered.
    """

    night: date
    state: str
    sums: str
    refusal: str
    rows: Sequence[dict[str, Any]]
    count: int
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Result:
    """A what-if: who asked what, and what became of each night."""

    number: str
    order: Order
    text: str
    nights: Sequence[NightResult]

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to come."""
        return all(night.state != "waiting" for night in self.nights)


def open_form(office: Office) -> Form:
    """Return what a what-if starts from: the policy of the last closed night.

    Raises:
        NotThereError: no night is closed yet.
    """
    nights = runs.fetch_closed_dates(office.engine, 30)
    if not nights:
        raise NotThereError("No night is closed yet, so there is nothing to try another rule on.")
    policy = current_policy(office)
    texts = {name.removesuffix(".toml"): content.decode() for name, content in policy.files().items()}
    return Form(texts, _thresholds(policy, nights[0]), nights)


def change_thresholds(office: Office, given: Mapping[str, str]) -> str:
    """Return the text of stages.toml with other thresholds; what is not given stays as it is.

    Raises:
        DunningError: a value is no sum or number of days.
    """
    form = open_form(office)
    policy, day = current_policy(office), form.nights[0]
    lines = form.texts["stages"].splitlines()
    places = policy.version_at("stages", day).lines
    for threshold in form.thresholds:
        value = given.get(threshold.key, "").strip()
        if value and value != threshold.value:
            name = threshold.key.rpartition(".")[2]
            lines[places[threshold.key] - 1] = f"{name} = {_read_number(threshold, value)}"
    return "\n".join(lines) + "\n"


def start(office: Office, number: str, author: str, file: str, text: str, nights: Sequence[date]) -> str:
    """Begin a what-if under a number that the form brought, so that a second click lands on the same; return it.

    Raises:
        DunningError: no such rule file or night, no night, too many, or the rules cannot be trusted (file, line, cure).
    """
    form = open_form(office)
    if not _NUMBER.fullmatch(number) or file not in form.texts:
        raise DunningError("The form is out of date. Open the page again.")
    if not nights or len(nights) > NIGHTS_MAX or not set(nights) <= set(form.nights):
        raise DunningError(f"Choose one to {NIGHTS_MAX} of the nights that the page names.")
    files = dict(current_policy(office).files())
    files[f"{file}.toml"] = text.replace("\r\n", "\n").encode()
    _check(files)
    order = Order(author, file, [night.isoformat() for night in sorted(set(nights), reverse=True)])
    if what_if_shelf.put_on_shelf(office.settings, number, order, files):
        what_if_shelf.run_in_background(office.settings, number)
    return number


def run_again(office: Office, number: str) -> None:
    """Begin an interrupted what-if anew."""
    look(office, number)
    if not what_if_shelf.is_at_work(office.settings, number):
        what_if_shelf.forget_outcome(office.settings, number)
        what_if_shelf.run_in_background(office.settings, number)


def look(office: Office, number: str, list_name: str = "", page: int = 1) -> Result:
    """Return what became of a what-if so far.

    Args:
        list_name: only moves that come to, leave or change a stage by this word (a stage, or a list).

    Raises:
        NotThereError: there is none of that number.
    """
    order = what_if_shelf.read_order(office.settings, number) if _NUMBER.fullmatch(number) else None
    if order is None:
        raise NotThereError(f"There is no what-if {number[:20]!r}; the oldest ones are removed.")
    folder = what_if_shelf.folder_of(office.settings, number)
    is_going = what_if_shelf.is_at_work(office.settings, number)
    text = (folder / "policy" / f"{order.file}.toml").read_text("utf-8")
    nights = [_night(folder, date.fromisoformat(night), is_going, list_name, page) for night in order.nights]
    return Result(number, order, text, nights)


def list_results(office: Office) -> list[tuple[str, Order]]:
    """Return the what-ifs that are kept, the newest first."""
    return what_if_shelf.list_orders(office.settings)


def read_file(office: Office, number: str, night: date, suffix: str) -> bytes:
    """Return all moves of a night of a what-if, as CSV or XLSX.

    Raises:
        NotThereError: there is no such file.
    """
    look(office, number)
    try:
        return _moves_file(what_if_shelf.folder_of(office.settings, number), night, suffix).read_bytes()
    except FileNotFoundError as error:
        raise NotThereError(f"The what-if has no list of moves for {night}.") from error


def _check(files: Mapping[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            load_checked_policy(Path(folder))
        except DunningError as error:
            said = str(error).replace(f"{folder}/", "").split(" See `dunning policy check")[0]
            raise DunningError(said) from error


def _thresholds(policy: Policy, day: date) -> list[Threshold]:
    stages = policy.at(day).stages
    found = []
    for stage in _STAGES:
        rule = getattr(stages, stage)
        found.append(Threshold(f"{stage}.amount_cents_min", stage, True, format_minor(rule.amount_cents_min)))
        found.append(Threshold(f"{stage}.days_overdue_min", stage, False, str(rule.days_overdue_min)))
    return found


def _read_number(threshold: Threshold, value: str) -> int:
    text = value.replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", ".")
    pattern = r"\d{1,8}(\.\d{1,2})?" if threshold.is_money else r"\d{1,5}"
    if not re.fullmatch(pattern, text):
        kind = "a sum in euro, as 50,00" if threshold.is_money else "a number of days"
        raise DunningError(f"{value!r} is not {kind}. Correct it ({threshold.key}).")
    return round(float(text) * 100) if threshold.is_money else int(text)


def _night(folder: Path, night: date, is_going: bool, word: str, page: int) -> NightResult:
    try:
        code = (folder / f"{night}.exit").read_text("ascii")
    except FileNotFoundError:
        return NightResult(night, "waiting" if is_going else "interrupted", "", "", [], 0, [])
    if code != "0":
        refusal = (folder / f"{night}.err").read_text("utf-8").strip().removeprefix("dunning: ")
        return NightResult(night, "failed", "", refusal, [], 0, [])
    printed = (folder / f"{night}.txt").read_text("utf-8")
    sums = "\n".join(line for line in printed.splitlines() if not line.startswith("dunning simulate"))
    moves = parse_csv(_moves_file(folder, night, "csv").read_bytes(), COLUMNS)
    chosen = _filter(moves, word)
    weight = pc.max_element_wise(chosen["open_cents_before"], chosen["open_cents_after"])
    ordered = chosen.append_column("weight", weight).sort_by([("weight", "descending"), ("premise_no", "ascending")])
    rows = ordered.slice((max(page, 1) - 1) * PAGE_ROWS, PAGE_ROWS).to_pylist()
    return NightResult(night, "done", sums, "", rows, len(chosen), _choices(moves))


def _filter(moves: pa.Table, word: str) -> pa.Table:
    if not word:
        return moves
    columns = ("stage_before", "stage_after", "lists_came", "lists_left")
    found: Any = None
    for name in columns:
        has = pc.is_in(pc.fill_null(moves[name], ""), value_set=pa.array([word]))
        if name.startswith("lists"):
            has = pc.match_substring(pc.fill_null(moves[name], ""), word)
        found = has if found is None else pc.or_(found, has)
    return moves.filter(found)


def _choices(moves: pa.Table) -> list[tuple[str, str]]:
    """Return stages and lists that any move names: kind and word."""
    stages = {word for name in ("stage_before", "stage_after") for word in pc.unique(moves[name]).to_pylist() if word}
    cells = {cell for name in ("lists_came", "lists_left") for cell in pc.unique(moves[name]).to_pylist() if cell}
    lists = {word for cell in cells for word in cell.split()}
    return [("stage", word) for word in sorted(stages)] + [("list", word) for word in sorted(lists)]


def _moves_file(folder: Path, night: date, suffix: str) -> Path:
    return folder / night.isoformat() / f"simulate-{night}" / f"simulate.{suffix}"
