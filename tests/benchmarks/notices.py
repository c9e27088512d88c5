"""The monthly notices beside Platypus and fpdf2: the same pages of the same accounts, in the same
run.
"""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.decisions.monthly.notices import propose_notices
from dunning.documents.notice.content import Content, write_contents
from dunning.documents.notice.printing import estimate_pages, print_batches, print_singles
from dunning.documents.notice.run_constants import Press
from dunning.gateways.files.worktables import StreamWriter, read_streams
from dunning.jobs.nightly.runs import NightlyRun
from dunning.jobs.records.history import History
from tests.benchmarks import notice_fpdf2
from tests.benchmarks.notice_platypus import PlatypusNotices
from tests.benchmarks.phases import Phase, measure, side_by_side
from tests.benchmarks.report import Goal, Report

_BYTES_MAX, _RATE_MIN, _MEMORY_MIB = 2500, 5000, 20
_UNIT = 4096  # notices a file
_SINGLES, _PLAIN, _PLAIN_SINGLES = 2000, 400, 60
_HERE = "tests.benchmarks.notices"
_DECIDED_ON = timedelta(days=31)  # a month of new bills


def print_notices(report: Report, run: dict[str, Any], accounts: int, folder: Path) -> None:
    """Decide on the notices of a night, then print them in every way and judge the ways beside each
    other.
    """
    stream, out = str(folder / "notices.arrow"), folder / "notices"
    out.mkdir()
    decided = measure("notices, decide", accounts, "accounts", f"{_HERE}:gather", run, stream)
    report.add(decided)
    total = decided.result
    batch = _measure(report, "notices, batch", "print_all", run, stream, str(out), 1, 0)
    few = measure(
        "notices, an eighth", 0, "notices", f"{_HERE}:print_all", run, stream, str(out), 8, 0
    )
    report.add(few)
    single = _measure(report, "notices, single files", "print_single", run, stream, _SINGLES)
    yardsticks = {
        f"{name}, {way}": _measure(
            report, f"  {name}, {way}", "print_by_yardstick", run, stream, name, count, way
        )
        for name in ("Platypus", "fpdf2")
        for way, count in (("batch", _PLAIN), ("single", _PLAIN_SINGLES))
    }
    rates = {name: found["notices"] / found["cpu"] for name, found in yardsticks.items()}
    ours = batch["notices"] / batch["cpu"], single["notices"] / single["cpu"]
    report.facts["notices, a second and core"] = {
        "batch": round(ours[0]),
        "single files": round(ours[1]),
        **{name: round(rate) for name, rate in rates.items()},
    }
    report.facts["notices, bytes of each"] = {
        "batch": batch["bytes"] // batch["notices"],
        "single files": single["bytes"] // single["notices"],
        **{name: found["bytes"] // found["notices"] for name, found in yardsticks.items()},
    }
    report.facts["notices drawn the plain way"] = (batch["plain"], total)
    report.judge(
        Goal(
            "notices in batch beside Platypus",
            ours[0] / rates["Platypus, batch"],
            30,
            at_most=False,
        ),
        Goal(
            "single files beside Platypus", ours[1] / rates["Platypus, single"], 20, at_most=False
        ),
        Goal("notices in batch beside fpdf2", ours[0] / rates["fpdf2, batch"], 1, at_most=False),
        Goal("single files beside fpdf2", ours[1] / rates["fpdf2, single"], 1, at_most=False),
        Goal("notices in batch, a second and core", ours[0], _RATE_MIN, at_most=False, unit="/s"),
        Goal(
            "bytes of a notice in batch",
            batch["bytes"] / batch["notices"],
            _BYTES_MAX,
            unit="bytes",
        ),
        Goal(
            "memory of all notices beyond that of an eighth",
            batch["peak"] - few.peak_mb,
            _MEMORY_MIB,
            unit="MiB",
        ),
    )
    _beside_each_other(report, run, stream, str(out), total)


def _measure(report: Report, name: str, work: str, *arguments: Any) -> dict[str, Any]:
    """Run one way; its figures leave out what is made once a process (fonts, constant parts)."""
    phase = measure(name, 0, "notices", f"{_HERE}:{work}", *arguments)
    found = dict(phase.result, peak=phase.peak_mb)
    report.add(Phase(name, found["notices"], "notices", found["wall"], found["cpu"], phase.peak_mb))
    return found


def _beside_each_other(
    report: Report, run: dict[str, Any], stream: str, out: str, total: int
) -> None:
    """Print all in one process, then in two at once, each on a core of its own."""
    work = f"{_HERE}:print_all"
    walls = []
    for workers in (1, 2):
        lanes = [(work, [(run, stream, out, workers, lane)]) for lane in range(workers)]
        told = side_by_side(lanes, one_core=True)
        walls.append(max(results[0]["wall"] for *_, results, _ in told))
    speed = walls[0] / max(walls[1], 1e-9)
    report.facts["notices, wall s of one worker and two"] = tuple(round(wall, 2) for wall in walls)
    report.judge(Goal("two processes that print beside one (wall)", speed, 1.7, at_most=False))


def gather(run: dict[str, Any], stream: str) -> int:
    """Decide on the notices of both services and keep them, one page each (no cards); return how
    many.
    """
    this = NightlyRun.of(run)
    snapshot, rules = this.open_snapshot(), this.rules()
    history = History.read(Path(this.work))
    count = 0
    with StreamWriter(Path(stream).parent) as writer:
        for index in snapshot.buckets():
            bucket, decision, assessment = history.decide(
                snapshot.read_bucket(index), this.as_of, rules
            )
            for service in ("heat", "electricity"):
                found = propose_notices(
                    bucket, decision, assessment, rules, service, this.as_of - _DECIDED_ON
                )["notices"]
                writer.write({Path(stream).stem: _without_cards(found)})
                count += len(found)
    return count


def _without_cards(notices: pa.Table) -> pa.Table:
    """Leave the card out, and route and district: a separator a thousand notices is nothing to
    measure.
    """
    same = {"needs_card": False, "district": "Р", "route": "1"}
    for name, value in same.items():
        at = notices.schema.get_field_index(name)
        field = notices.schema.field(name)
        notices = notices.set_column(
            at, field, pa.repeat(pa.scalar(value, field.type), len(notices))
        )
    return notices


def print_all(run: dict[str, Any], stream: str, out: str, lanes: int, lane: int) -> dict[str, Any]:
    """Print every `lanes`-th unit of notices into files; return what it cost and made."""
    press = _press(run)
    units = (unit for number, unit in enumerate(_units(stream)) if number % lanes == lane)
    _warm_up(stream, press, Path(out))
    counts = {"notices": 0, "bytes": 0, "plain": 0}
    begun = time.perf_counter(), time.process_time()
    for number, unit in enumerate(units):
        for batch in print_batches(iter([unit]), press, 5000, f"{lane}-{number}", Path(out)):
            path = Path(out) / batch.file
            counts["bytes"] += path.stat().st_size
            counts["plain"] += pc.sum(batch.index["is_plain"]).as_py()
            path.unlink()
        counts["notices"] += len(unit)
    return {**counts, "wall": time.perf_counter() - begun[0], "cpu": time.process_time() - begun[1]}


def print_single(run: dict[str, Any], stream: str, count: int) -> dict[str, Any]:
    """Print the first notices into files of their own, held in memory."""
    press, notices = _press(run), next(_units(stream)).slice(0, count)
    for _ in print_singles(notices.slice(0, 200), press):
        pass
    begun = time.perf_counter(), time.process_time()
    sizes = [len(single.content) for single in print_singles(notices, press)]
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return {"notices": len(sizes), "bytes": sum(sizes), "wall": wall, "cpu": cpu}


def print_by_yardstick(
    run: dict[str, Any], stream: str, name: str, count: int, way: str
) -> dict[str, Any]:
    """Draw the first notices by a library; what is printed is given to it as ready texts."""
    press = _press(run)
    with TemporaryDirectory() as folder:
        maker: Any = (
            PlatypusNotices(press)
            if name == "Platypus"
            else notice_fpdf2.FpdfNotices(press, Path(folder))
        )
        content = _contents(stream, press, count)
        maker.write(content, range(min(20, content.count)))
        spans = (
            [range(content.count)]
            if way == "batch"
            else [range(n, n + 1) for n in range(content.count)]
        )
        begun = time.perf_counter(), time.process_time()
        sizes = [len(maker.write(content, span)) for span in spans]
        wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return {"notices": content.count, "bytes": sum(sizes), "wall": wall, "cpu": cpu}


def _contents(stream: str, press: Press, count: int) -> Content:
    """Return the texts of the first notices in Bulgarian for heat that need one page."""
    unit = next(_units(stream))
    chosen = unit.filter(
        pc.and_(pc.equal(unit["language"], "bg"), pc.equal(unit["service"], "heat"))
    )
    chosen = chosen.filter(pa.array(estimate_pages(chosen) == 1))
    return write_contents(chosen.slice(0, count), press, "bg", "heat")


def _units(stream: str) -> Iterator[pa.Table]:
    """Yield the notices in tables of a file's size; those of a bucket stand together."""
    held: list[pa.Table] = []
    for table in read_streams([Path(stream)]):
        held.append(table)
        while sum(map(len, held)) >= _UNIT:
            joined = pa.concat_tables(held)
            yield joined.slice(0, _UNIT).combine_chunks()
            held = [joined.slice(_UNIT)]
    if sum(map(len, held)):
        yield pa.concat_tables(held).combine_chunks()


def _warm_up(stream: str, press: Press, out: Path) -> None:
    for batch in print_batches(
        iter([next(_units(stream)).slice(0, 300)]), press, 5000, f"warm-{os.getpid()}", out
    ):
        (out / batch.file).unlink()


def _press(run: dict[str, Any]) -> Press:
    this = NightlyRun.of(run)
    return Press.of(this.as_of, this.rules(), this.as_of - _DECIDED_ON, this.newest_paid_on)
