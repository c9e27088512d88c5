"""How fast the pages answer, asked over HTTP of a running Airflow, with many accounts in the store.

    .venv/bin/python tests/benchmarks/pages.py [--accounts 200000] [--requests 30]

Each page is asked for many times with varied accounts, lists and words, one request after the
other. The first answer of a page, which reads files that later ones remember, stands apart; median
and 95th percentile are of the rest.
"""

import argparse
import http.client
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `tests` is no installed package

from tests.benchmarks.report import Goal
from tests.browser.house import NIGHT, House, close_house, open_house

MEDIAN_MS_MAX, ACCOUNT_MS_MAX = 300, 1000
Ask = tuple[str, dict[str, str] | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=30)
    options = parser.parse_args()
    print(
        f"{options.accounts:,} accounts, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="dunning-pages-") as folder:
        os.chmod(folder, 0o711)
        house = open_house(Path(folder), options.accounts)
        try:
            goals = measure_pages(house, options.requests)
        finally:
            close_house(house)
    print()
    for goal in goals:
        print(goal.line())


def measure_pages(house: House, requests: int) -> list[Goal]:
    """Ask for every page and print what it took; return the goals."""
    clerk, goals = Clerk(house), []
    print(f"{'ms':<28}{'first':>9}{'median':>9}{'95 %':>9}{'longest':>9}{'KiB':>8}", flush=True)
    for name, ask in asks(house).items():
        times, sizes = zip(*(clerk.ask(*ask()) for _ in range(requests + 1)), strict=True)
        first, rest = times[0], sorted(times[1:])
        median, late = statistics.median(rest), rest[max(round(len(rest) * 0.95) - 1, 0)]
        size = statistics.mean(sizes) / 1024
        print(
            f"{name:<28}{first:>9.0f}{median:>9.0f}{late:>9.0f}{rest[-1]:>9.0f}{size:>8.0f}",
            flush=True,
        )
        bound = ACCOUNT_MS_MAX if name == "account" else MEDIAN_MS_MAX
        goals.append(Goal(f"{name}, median, wall", median, bound, unit="ms"))
    return goals


def asks(house: House) -> dict[str, Callable[[], Ask]]:
    """Return by page what makes a request: a path and, for a form, its values."""
    choose = random.Random(1).choice
    accounts = house.fetch(
        "SELECT premise_no, payer_code FROM decisions TABLESAMPLE SYSTEM (2) LIMIT 2000"
    )
    listed = house.fetch(
        f"SELECT premise_no, payer_code FROM proposals WHERE list = 'court' AND as_of = '{NIGHT}'"
    )
    names, invoices = list(_column(house, "payers", 2)), list(_column(house, "invoices", 0))
    columns = ("premise_no", "-premise_no", "district", "stage")

    def search(text: str) -> Ask:
        return "/accounts", {"text": text}

    return {
        "tonight": lambda: ("/", None),
        "tonight, an older night": lambda: ("/?as_of=2026-10-31", None),
        "ageing": lambda: ("/ageing", None),
        "ageing, filtered": lambda: (
            f"/ageing?stage={choose(('overdue', 'final_warning', 'court_bound'))}",
            None,
        ),
        "account": lambda: (f"/accounts/{'/'.join(map(_part, choose(accounts)))}", None),
        "search by premise": lambda: search(choose(accounts)[0]),
        "search by payer": lambda: search(choose(accounts)[1]),
        "search by a beginning": lambda: search(choose(accounts)[0][:3]),
        "search by invoice": lambda: search(choose(invoices)),
        "search by name": lambda: search(choose(names)),
        "search by part of a name": lambda: search(choose(names).split()[-1][:5]),
        "lists": lambda: ("/lists", None),
        "reminders": lambda: (
            f"/lists/reminders?page={choose(range(1, 200))}&sort={choose(columns)}",
            None,
        ),
        "reminders, words": lambda: ("/lists/reminders", {"text": choose(accounts)[0][:4]}),
        "court": lambda: (
            f"/lists/court?page={choose(range(1, 20))}&sort=principal&direction=down",
            None,
        ),
        "row of court": lambda: (f"/lists/court/{'/'.join(map(_part, choose(listed)))}", None),
        "withheld": lambda: (f"/lists/withheld?page={choose(range(1, 50))}", None),
        "strikes": lambda: ("/lists/holds", None),
        "policy": lambda: (f"/policy?on={choose(range(2010, 2027))}-07-01", None),
        "what-if": lambda: ("/policy/what-if", None),
        "releases": lambda: ("/releases", None),
    }


class Clerk:
    """Somebody of the legal team who asks over one connection."""

    def __init__(self, house: House) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(house.address).netloc, timeout=120)
        body = json.dumps({"username": "legal", "password": house.passwords["legal"]})
        self.connection.request("POST", "/auth/token", body, {"content-type": "application/json"})
        key = json.loads(self.connection.getresponse().read())["access_token"]
        self.headers = {"cookie": f"_token={key}", "accept": "text/html"}
        self.connection.request("GET", "/dunning/accounts", headers=self.headers)
        page = self.connection.getresponse().read().decode()
        self.form_token = re.findall(r'name="form_token" value="(\w+)"', page)[0]

    def ask(self, path: str, form: dict[str, str] | None) -> tuple[float, int]:
        """Return the milliseconds to the whole answer and its bytes; a search that leads on is
        followed.
        """
        begun = time.perf_counter()
        status, content, where = self._send(f"/dunning{path}", form)
        while status == 303:
            status, content, where = self._send(where, None)
        if status != 200:
            raise SystemExit(f"{path} answered {status}")
        return (time.perf_counter() - begun) * 1000, len(content)

    def _send(self, path: str, form: dict[str, str] | None) -> tuple[int, bytes, str]:
        if form is None:
            self.connection.request("GET", path, headers=self.headers)
        else:
            body = urlencode({**form, "form_token": self.form_token})
            kind = {"content-type": "application/x-www-form-urlencoded"}
            self.connection.request("POST", path, body, {**self.headers, **kind})
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("location", "")


def _part(value: str) -> str:
    return quote(value, safe="")


def _column(house: House, table: str, place: int) -> Iterator[str]:
    """Yield a column of every hundredth row of a table of the ledger."""
    with open(house.ledger / f"{table}.csv", encoding="utf-8-sig") as file:
        for number, line in enumerate(file):
            if number % 100 == 1:
                yield line.split(";")[place]


if __name__ == "__main__":
    main()
