"""Check whether a run is the sample's: the only lists that may leave without a person."""

import json
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import read_people
from dunning.gateways.store import runs
from dunning.ledger.read.sources import ledger_fingerprint, read_ledger

# Set by `make run` for the release of the sample; no form of a run can set it.
APPROVES_SAMPLE = "DUNNING_APPROVE_SAMPLE"


def require_sample(settings: Settings, run: runs.RecordedRun) -> None:
    """Refuse a release without a person, unless it is of the sample and no person is set up.

    Raises:
        DunningError: names the condition that is not met.
    """
    people = read_people(settings)
    if people:
        raise DunningError(
            f"Lists leave without a human only where nobody is named, and {len(people)} are in the settings of the "
            "pages. Nothing was released; let somebody who may approve the list do so."
        )
    if not is_sample(settings, run):
        raise DunningError(
            f"The night of {run.as_of} is not of the sample in this home, and no other list leaves without a human. "
            "Nothing was released. Name somebody in people.toml who may approve it (docs/access.md), and ask again."
        )


def is_sample(settings: Settings, run: runs.RecordedRun) -> bool:
    """Return whether a run was decided from the files of the sample or of the day after it."""
    return any(_is_of(settings.home / name, run) for name in ("sample", "sample-after"))


def _is_of(folder: Path, run: runs.RecordedRun) -> bool:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        return (
            # both: the marker alone could be copied into the manifest of a real ledger
            "sample" in manifest
            and ledger_fingerprint(folder, None, read_ledger(folder)) == run.ledger_fingerprint
        )
    except (OSError, ValueError, DunningError):
        return False
