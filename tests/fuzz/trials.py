"""One trial: a damaged ledger at the door, and whether it was taken in rightly, refused in one
message, or neither.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Limits

TAKEN, REFUSED, FAULT = "taken in", "refused", "FAULT"
MESSAGE_LENGTH_MAX = 20_000


@dataclass(frozen=True)
class Outcome:
    """What came of a trial; `detail` is the refusal's message, or what is wrong."""

    kind: str
    what: str
    outcome: str
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one trial, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_door(
    kind: str,
    what: str,
    ledger: Path,
    named: str,
    judge: Callable[[Snapshot], list[str]],
    mapping: Path | None = None,
) -> Outcome:
    """Load and judge.

    Args:
        named: what a refusal must name: the damaged file, without its ending.
        judge: says what is wrong with a snapshot; nothing if all is right.
    """
    snapshots = ledger.parent / "snapshots"
    try:
        snapshot = load_ledger(
            ledger, SnapshotStore(snapshots), mapping=mapping, quarantine_limits=Limits()
        )
    except DunningError as error:
        return Outcome(kind, what, *_judge_refusal(str(error), named, snapshots))
    except (
        Exception
    ) as error:  # whatever else comes out of the door is the fault that is looked for
        return Outcome(
            kind, what, FAULT, f"{type(error).__module__}.{type(error).__name__}: {error}"[:2000]
        )
    faults = judge(snapshot) + unbalanced(snapshot)
    return Outcome(kind, what, FAULT if faults else TAKEN, "; ".join(faults)[:2000])


def unbalanced(snapshot: Snapshot) -> list[str]:
    """Return the tables whose rows read are not those refused, repeated and taken in, or not so
    many in quarantine.
    """
    refused = snapshot.quarantine()["table"].to_pylist()
    return [
        f"{name}: {rows}, in quarantine {refused.count(name)}"
        for name, rows in snapshot.info["books"]["tables"].items()
        if rows["read"] != rows["quarantined"] + rows["repeated"] + rows["taken"]
        or rows["quarantined"] != refused.count(name)
    ]


def _judge_refusal(message: str, named: str, snapshots: Path) -> tuple[str, str]:
    if named.lower() not in message.lower() and "has no account" not in message:
        return FAULT, f"the refusal does not name {named}: {message}"
    if len(message) > MESSAGE_LENGTH_MAX:
        return FAULT, f"a refusal of {len(message)} letters: {message[:500]}"
    if snapshots.exists() and list(snapshots.iterdir()):
        return FAULT, f"left behind {[path.name for path in snapshots.iterdir()]}: {message}"
    return REFUSED, message
