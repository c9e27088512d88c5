"""Every page of a month is read back, as whoever opens the envelope reads it, and compared with
what was decided.

One sample ledger, both services, by post and by e-mail, in files so small that rounds are cut. What
is read is held against the decisions, taken anew from the kept night, and these against the night's
own lists and the ledger.
"""

import csv
import hashlib
import json
import logging
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pyarrow.parquet as pq
import pytest

from dunning.decisions.monthly.notices import propose_notices
from dunning.gateways.settings.environment import Settings
from dunning.jobs.queries.past_night import open_night
from dunning.policy.policies import load_policy
from dunning.sample import write_sample
from tests.documents.notice.notices import read_codes
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, Night, Rows, nightly, read_csv, say_fresh
from tests.jobs.notice_pages import Page, listening, read_folder
from tests.jobs.notice_words import (
    Row,
    assert_in_order,
    day,
    money,
    period,
    rows_of,
    sentences,
    squeezed,
)
from tests.jobs.notices import index_of, mails_of, notices
from tests.jobs.test_notices import policy_with
from tests.world import World, premise_of

PAGES_MAX = 12
SERVICES = ("heat", "electricity")
ACCOUNTS = 150
ROUTES = ("01", "02", "")  # a district's rounds; some premises are on none


@dataclass(frozen=True)
class Month:
    """One service's notices: the run, what was decided, and every page of every file."""

    service: str
    run: Night
    rows: dict[str, Row]
    withheld: Rows
    pages: dict[str, list[Page]]
    since: date

    @cached_property
    def own_pages(self) -> dict[str, list[Page]]:
        """The pages of each notice, where index and list of e-mails say that they are."""
        found = {row["reference"]: self.pages[row["file"]] for row in mails_of(self.run)}
        for row in index_of(self.run):
            if row["kind"] == "notice":
                pages = self.pages[f"print/{row['file']}"]
                found[row["reference"]] = pages[int(row["page_from"]) - 1 : int(row["page_to"])]
        return found


@dataclass(frozen=True)
class Made:
    """A night and its notices, and whatever anybody complained of while they were read."""

    ledger: Path
    night: Night
    months: dict[str, Month]
    complaints: list[str]


@pytest.fixture(scope="module")
def made(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("read-back")
    ledger = write_sample(folder / "ledger", ACCOUNTS, 11, AS_OF).folder
    change(ledger / "premises.csv", put_on_few_rounds)
    change(ledger / "payers.csv", teach_english)
    policy = policy_with(folder, "batch_pages_max = 5000", f"batch_pages_max = {PAGES_MAX}")
    with new_home(folder / "home") as engine:
        night = nightly(ledger, folder / "out")
        assert night.code == 0, night.told
        runs = {
            name: notices(folder / "out", "--policy", str(policy), service=name)
            for name in SERVICES
        }
        assert [(run.code, run.told) for run in runs.values()] == [(0, "")] * len(SERVICES)
        decided = {
            name: decide(engine, name, date.fromisoformat(run.manifest["since"]))
            for name, run in runs.items()
        }
    with listening() as complaints:
        pages = {name: read_folder(run.folder) for name, run in runs.items()}
    months = {
        name: Month(
            name, run, *decided[name], pages[name], date.fromisoformat(run.manifest["since"])
        )
        for name, run in runs.items()
    }
    return Made(ledger, night, months, complaints)


@pytest.fixture(params=SERVICES)
def month(made: Made, request: pytest.FixtureRequest) -> Month:
    return made.months[request.param]


def change(file: Path, how: Callable[[int, dict[str, str]], dict[str, str]]) -> None:
    """Change the rows of a ledger's file, each by its number."""
    rows = [row | how(number, row) for number, row in enumerate(read_csv(file))]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys(), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def put_on_few_rounds(number: int, _: dict[str, str]) -> dict[str, str]:
    """Return few districts and rounds, so that one fills more than a file."""
    return {
        "district": ("Изток", "Люлин 3")[number % 5 == 0],
        "route": ROUTES[number // 2 % len(ROUTES)],
    }


def teach_english(number: int, row: dict[str, str]) -> dict[str, str]:
    return {"language": "en" if number % 5 == 0 else row["language"]}


def decide(engine: Any, service: str, since: date) -> tuple[dict[str, Row], Rows]:
    """Return the notices by reference and the withheld rows, decided anew over the kept
    snapshot.
    """
    night = open_night(Settings.from_environment(), engine, AS_OF)
    rows: list[Row] = []
    withheld: Rows = []
    for index in night.snapshot.buckets():
        bucket = night.snapshot.read_bucket(index)
        bucket, decision, assessment = night.history.decide(bucket, night.as_of, night.rules)
        found = propose_notices(bucket, decision, assessment, night.rules, service, since)
        rows += found["notices"].to_pylist()
        withheld += found["withheld"].to_pylist()
    assert len(rows) == len({row["reference"] for row in rows})
    return {row["reference"]: row for row in rows}, withheld


def named(row: Row) -> Rows:
    """Return everything that a notice names by number."""
    return [*row["lines"], *row["items"], *row["pending"]]


def test_nobody_complains_while_every_file_is_read(made: Made) -> None:
    assert sum(len(pages) for month in made.months.values() for pages in month.pages.values()) > 250
    assert made.complaints == []


def test_a_complaint_would_be_heard() -> None:
    with listening() as complaints:
        logging.getLogger("pdfminer").warning("a")
        warnings.warn("b", stacklevel=1)
        print("c", file=sys.stderr)
    assert complaints == ["a", "b", "c"]


def test_every_file_is_sound(month: Month) -> None:
    for name, pages in month.pages.items():
        with pikepdf.open(month.run.folder / name) as pdf:
            assert pdf.check_pdf_syntax() == []
            assert len(pdf.pages) == len(pages)
            assert {tuple(map(float, page.MediaBox)) for page in pdf.pages} == {
                (0, 0, 595.276, 841.89)
            }


def test_the_ledger_has_everything_that_a_notice_tells_of(made: Made) -> None:
    """Or else the tests below would say little."""
    rows = [row for month in made.months.values() for row in month.rows.values()]
    sums = (
        "total",
        "overdue",
        "warned",
        "expired",
        "plan",
        "instalment",
        "held",
        "paid",
        "credit",
        "interest",
    )

    assert {
        name: sum(row[f"{name}_cents"] > 0 for row in rows) > 0 for name in sums
    } == dict.fromkeys(sums, True)
    assert {row["language"] for row in rows} == {"bg", "en"}
    assert {row["channel"] for row in rows} == {"email", "post"}
    assert {row["needs_card"] for row in rows} == {True, False}
    assert max(row["overdue_items"] for row in rows) > 5
    assert any(item["original_minor"] for row in rows for item in row["items"])
    assert any(row["total_cents"] == 0 for row in rows)
    assert any(len(row["periods"]) > 1 for row in rows)
    assert all(month.withheld for month in made.months.values())


def test_everyone_gets_one_and_nobody_two(month: Month) -> None:
    printed = [row["reference"] for row in index_of(month.run) if row["kind"] == "notice"]
    mailed = [row["reference"] for row in mails_of(month.run)]

    assert sorted([*printed, *mailed]) == sorted(month.rows)
    assert {month.rows[name]["channel"] for name in printed} == {"post"}
    assert {month.rows[name]["channel"] for name in mailed} == {"email"}
    assert [row["reason"] for row in month.run.csv("withheld")] == [
        row["reason"]
        for row in sorted(month.withheld, key=lambda row: (row["premise_no"], row["payer_code"]))
    ]


def test_who_gets_one_has_a_new_document_or_owes_something(made: Made, month: Month) -> None:
    """By the ledger's own rows and the night's open items, whatever the decisions on notices
    say.
    """
    of = {row["premise_no"]: row["service"] for row in read_csv(made.ledger / "premises.csv")}
    refused = {
        int(row["line"]) for row in made.night.csv("quarantine") if row["table"] == "invoices"
    }
    documents = [
        row
        for line, row in enumerate(read_csv(made.ledger / "invoices.csv"), 2)
        if line not in refused
    ]
    issued = [
        row for row in documents if month.since.isoformat() < row["issued_on"] <= AS_OF.isoformat()
    ]
    new = {(row["premise_no"], row["payer_code"]) for row in issued if row["payer_code"]}
    nameless = {row["invoice_no"]: row["premise_no"] for row in issued if not row["payer_code"]}
    for row in (
        month.rows.values()
    ):  # whose they are is another test's business: here they are of the right premise
        told = {line["invoice_no"] for line in row["lines"]} & nameless.keys()
        assert {nameless.pop(number) for number in told} <= {row["premise_no"]}
        new |= {(row["premise_no"], row["payer_code"])} if told else set()
    owing = {(row["premise_no"], row["payer_code"]) for row in open_items(made.night)}
    known = {(row["premise_no"], row["payer_code"]) for row in classification(made.night)}
    wanted = {account for account in (new | owing) & known if of[account[0]] == month.service}
    written = {(row["premise_no"], row["payer_code"]) for row in month.rows.values()}
    withheld = {(row["premise_no"], row["payer_code"]) for row in month.withheld}

    assert written & withheld == set()
    assert written | withheld == wanted
    silent = set(nameless.values()) - {row["premise_no"] for row in month.withheld}
    assert {of[premise_no] for premise_no in silent} <= {*SERVICES} - {month.service}


def test_what_was_decided_is_what_the_night_says(made: Made, month: Month) -> None:
    """Sums and overdue invoices by the night's own open items, added up here."""
    of_account: dict[tuple[str, str], Rows] = {}
    for item in open_items(made.night):
        of_account.setdefault((item["premise_no"], item["payer_code"]), []).append(item)
    told = {(row["premise_no"], row["payer_code"]): row for row in classification(made.night)}
    for row in month.rows.values():
        account = (row["premise_no"], row["payer_code"])
        items = {item["invoice_no"]: item for item in of_account.get(account, [])}
        parts = sum(row[f"{name}_cents"] for name in ("total", "expired", "held", "plan"))
        assert parts == sum(item["open_cents"] for item in items.values())
        assert row["plan_cents"] == sum(
            i["open_cents"] for i in items.values() if i["shield"] == "agreement"
        )
        assert row["held_cents"] == sum(
            i["open_cents"] for i in items.values() if i["shield"] in ("court", "hold")
        )
        assert row["overdue_cents"] == sum(item["open_cents"] for item in row["items"])
        assert row["overdue_items"] == len(row["items"])
        assert (row["stage"], row["credit_cents"]) == (
            told[account]["stage"],
            told[account]["credit_cents"],
        )
        for item in row["items"]:
            kept = items[item["invoice_no"]]
            assert kept["shield"] is None
            assert [kept[n] for n in ("due_on", "days_overdue", "open_cents", "kind")] == [
                item[n] for n in ("due_on", "days_overdue", "open_cents", "kind")
            ]
            assert item["days_overdue"] == (AS_OF - item["due_on"]).days > 0
            original = kept["original_amount"] if kept["original_currency"] == "BGN" else None
            assert item["original_minor"] == original
        listed = {item["invoice_no"] for item in row["items"]}
        late = [item for item in items.values() if item["days_overdue"] > 0 and not item["shield"]]
        left_out = [item for item in late if item["invoice_no"] not in listed]
        assert row["expired_items"] == len(left_out)
        assert all(item["limitation_on"] <= AS_OF for item in left_out)


def test_every_sum_name_number_and_day_stands_on_its_own_pages(month: Month) -> None:
    for reference, row in month.rows.items():
        language = row["language"]
        text = "".join(page.text for page in month.own_pages[reference])
        first = month.own_pages[reference][0].text
        head = [squeezed(row[name]) for name in ("name", "street", "town") if row[name]]
        head += [row["premise_no"], row["payer_code"], day(AS_OF, language)]
        head += [
            period(row["period_from"], row["period_to"], language) or "—",
            day(row["due_on"], language),
        ]
        head += [money(row["total_cents"], language)]
        assert_in_order(first, head, reference)
        assert_in_order(
            first, [squeezed(row["service_street"], ",", row["service_town"])], reference
        )
        assert (f"AB{row['premise_no']}KP{row['payer_code']}" in first) is (row["total_cents"] > 0)
        for sentence in sentences(row, language):
            assert_in_order(text, sentence, reference)
        for kept in rows_of(row, language):
            assert kept in text, f"{reference}: {kept!r}"
        assert len(re.findall(r"лв\.|BGN", text)) >= sum(
            item["original_minor"] is not None for item in row["items"]
        )


def test_what_stands_in_the_column_of_each_notice_adds_up_to_what_it_says_is_to_pay(
    month: Month,
) -> None:
    """Added up from the paper; the sums of all notices are those of the night."""
    added = {
        reference: sum(cents for page in pages for cents in page.column)
        for reference, pages in month.own_pages.items()
    }

    assert added == {reference: row["total_cents"] for reference, row in month.rows.items()}
    assert sum(added.values()) == month.run.manifest["total_cents"] > 0


def test_nothing_of_anybody_else_stands_on_a_notice(month: Month) -> None:
    premises = {row["premise_no"] for row in month.rows.values()} | {
        row["premise_no"] for row in month.withheld
    }
    payers = {row["payer_code"] for row in month.rows.values()} | {
        row["payer_code"] for row in month.withheld
    }
    invoices = {line["invoice_no"] for row in month.rows.values() for line in named(row)}
    for reference, row in month.rows.items():
        own = {line["invoice_no"] for line in named(row)}
        for page in month.own_pages[reference]:
            assert page.words & premises <= {row["premise_no"]}
            assert page.words & payers <= {row["payer_code"]}
            assert page.words & invoices <= own
            assert page.words & month.rows.keys() == {reference}
        first = month.own_pages[reference][0].words
        assert {row["premise_no"], row["payer_code"]} <= first
        assert own <= frozenset[str]().union(*(page.words for page in month.own_pages[reference]))


def test_every_page_of_a_print_file_is_where_the_index_says(month: Month) -> None:
    files = {name: pages for name, pages in month.pages.items() if name.startswith("print/")}
    by_file: dict[str, Rows] = {}
    for row in index_of(month.run):
        by_file.setdefault(f"print/{row['file']}", []).append(row)

    assert sorted(by_file) == sorted(files)
    assert max(map(len, files.values())) <= PAGES_MAX
    for name, rows in by_file.items():
        at = 1
        for row in rows:
            assert int(row["page_from"]) == at
            pages = files[name][at - 1 : int(row["page_to"])]
            at += len(pages)
            assert len(pages) == int(row["page_to"]) - int(row["page_from"]) + 1
            assert_is_sheet(row, pages, Path(name).name)
        assert at == len(files[name]) + 1
    assert month.run.manifest["pages"] == sum(map(len, files.values()))
    assert month.run.manifest["print_files"] == len(files)


def assert_is_sheet(row: Row, pages: list[Page], file: str) -> None:
    """Fail unless pages are the separator or the notice that a row of the index says."""
    if row["kind"] == "separator":
        (page,) = pages
        assert_in_order(page.text, [squeezed(row["district"]), row["route"] or "—", file], file)
        assert "Разделителенлист" in page.text
        return
    for number, page in enumerate(pages, 1):
        assert page.text.count(row["reference"]) == 1
        found = re.search(r"(?:Страница|Page)(\d+)(?:от|of)(\d+)", page.text)
        assert found is not None
        assert [int(text) for text in found.groups()] == [number, len(pages)]


def test_a_separator_opens_every_file_and_every_round_and_counts_it(month: Month) -> None:
    rows = index_of(month.run)
    assert rows[0]["kind"] == "separator"
    for before, row in pairwise(rows):
        is_new = any(before[name] != row[name] for name in ("file", "district", "route"))
        assert (row["kind"] == "separator") is is_new, row
    for number, row in enumerate(rows):
        if row["kind"] == "separator":
            following = rows[number + 1 :]
            end = next(
                (n for n, other in enumerate(following) if other["kind"] == "separator"),
                len(following),
            )
            pages = sum(
                int(other["page_to"]) - int(other["page_from"]) + 1 for other in following[:end]
            )
            page = month.pages[f"print/{row['file']}"][int(row["page_from"]) - 1]
            assert f"{end}/{pages}" in page.text
    cut = Counter((row["district"], row["route"]) for row in rows if row["kind"] == "separator")
    assert max(cut.values()) > 1  # or else no round was cut


def test_letters_lie_in_postal_order(month: Month) -> None:
    printed = [row["reference"] for row in index_of(month.run) if row["kind"] == "notice"]
    order = sorted(
        (row for row in month.rows.values() if row["channel"] == "post"),
        key=lambda row: (row["postal_key"].encode(), row["premise_no"], row["payer_code"]),
    )
    assert printed == [row["reference"] for row in order]
    places = [(month.rows[name]["district"], month.rows[name]["route"] or "") for name in printed]
    assert places == sorted(places)
    for before, after in pairwise(order):
        if (before["district"], before["route"]) == (after["district"], after["route"]):
            assert before["postal_key"].split("\0")[2] <= after["postal_key"].split("\0")[2]


def test_an_email_has_its_own_file(month: Month) -> None:
    mails = mails_of(month.run)

    assert {f"email/{row['reference']}.pdf" for row in mails} == {
        n for n in month.pages if n.startswith("email/")
    }
    for row in mails:
        assert row["address"] == month.rows[row["reference"]]["email"]
        assert row["file"] == f"email/{row['reference']}.pdf"
        assert (
            row["sha256"]
            == hashlib.sha256((month.run.folder / row["file"]).read_bytes()).hexdigest()
        )
        pages = month.pages[row["file"]]
        assert_is_sheet({"kind": "notice", "reference": row["reference"]}, pages, row["file"])


def test_the_manifest_names_every_file_by_its_hash(month: Month) -> None:
    told = json.loads((month.run.folder / "manifest.json").read_text("utf-8"))
    found = {
        path.relative_to(month.run.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in month.run.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }

    assert told["files"] == found
    assert told["notices"] == dict(Counter(row["channel"] for row in month.rows.values()))
    assert told["total_cents"] == sum(row["total_cents"] for row in month.rows.values())
    assert told["overdue_cents"] == sum(row["overdue_cents"] for row in month.rows.values())


def test_a_card_follows_where_one_is_needed(month: Month) -> None:
    titles = {"bg": "КакдасесвързвамесВас", "en": "Howwemayreachyou"}
    for reference, row in month.rows.items():
        *others, last = month.own_pages[reference]
        assert (titles[row["language"]] in last.text) is row["needs_card"]
        assert not any(titles[row["language"]] in page.text for page in others)
        if row["needs_card"]:
            assert_in_order(last.text, [row["premise_no"], row["payer_code"]], reference)
            assert (row["phone"] or "") in last.text


def test_codes_are_read_by_a_scanner(month: Month) -> None:
    """Of a sample of rendered pages: the sum, whose account it is, and the reference."""
    profile = load_policy().at(AS_OF).profile
    emails = [row["reference"] for row in mails_of(month.run)]
    chosen = [*emails[:: max(len(emails) // 5, 1)]]
    paying = 0
    for reference, page in [
        *((name, first_codes(month, name)) for name in chosen),
        *codes_of_print_file(month),
    ]:
        row = month.rows[reference]
        assert page["Code128"] == reference
        assert ("QRCode" in page) is (row["total_cents"] > 0)
        if row["total_cents"] > 0:
            paying += 1
            cents = row["total_cents"]
            assert page["QRCode"].split("\n") == [
                "BCD",
                "002",
                "1",
                "SCT",
                profile.bic,
                profile.name_latin,
                profile.iban,
                f"EUR{cents // 100}.{cents % 100:02d}",
                "",
                "",
                f"AB {row['premise_no']} KP {row['payer_code']}",
            ]
    assert paying > 3


def test_accounts_with_hostile_texts_get_theirs_like_others(home: Path, tmp_path: Path) -> None:
    """From the ledger to the files: no name of a person, a round or an account stops the notices of
    all others.
    """
    texts = (
        "a\u200bb",
        "x%2Fy",
        "A/7",
        "\u05d0\u05d1",
        "Ж" * 300,
        "..",
        'a;b"c',
        "é",
        "<b>&",
        "a\nb",
        "{{ x }}",
        "%s",
    )
    ledger = World()
    for number, text in enumerate(texts, 1):
        ledger.account(
            number,
            ("2026-12-14", "10.00"),
            ("2026-10-01", "5.00"),
            email=number % 2 == 0,
            phone=False,
        )
        ledger.rows["premises"][-1] |= {"district": text, "route": text, "address": text}
        ledger.rows["payers"][-1]["name"] = text
        for row in (
            row
            for rows in ledger.rows.values()
            for row in rows
            if row.get("payer_code") == f"P{number}"
        ):
            row["payer_code"] = text
    assert nightly(say_fresh(ledger.write(tmp_path / "ledger")), tmp_path / "out").code == 0
    run = notices(tmp_path / "out")

    assert (run.code, run.told) == (0, "")
    told = [*index_of(run), *mails_of(run)]
    found = sorted(
        row["reference"].split("-")[2] for row in told if row.get("kind", "notice") == "notice"
    )
    assert found == [premise_of(number) for number in range(1, len(texts) + 1)]
    with listening() as complaints:
        pages = read_folder(run.folder)
    assert complaints == []
    assert all(found for found in pages.values())
    assert {f"print/{row['file']}" for row in index_of(run)} | {
        row["file"] for row in mails_of(run)
    } == pages.keys()
    for name in pages:
        with pikepdf.open(run.folder / name) as pdf:
            assert pdf.check_pdf_syntax() == []


def first_codes(month: Month, reference: str) -> dict[str, str]:
    first, *others = read_codes((month.run.folder / "email" / f"{reference}.pdf").read_bytes())
    assert not any(others)
    return first


def codes_of_print_file(month: Month) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield references and codes of the notices of the fullest file."""
    name = max(
        (name for name in month.pages if name.startswith("print/")),
        key=lambda name: len(month.pages[name]),
    )
    codes = read_codes((month.run.folder / name).read_bytes())
    for row in index_of(month.run):
        if f"print/{row['file']}" == name and row["kind"] == "notice":
            yield row["reference"], codes[int(row["page_from"]) - 1]


def open_items(night: Night) -> Rows:
    return pq.read_table(night.folder / "open_items.parquet").to_pylist()


def classification(night: Night) -> Rows:
    return pq.read_table(night.folder / "classification.parquet").to_pylist()
