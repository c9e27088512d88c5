"""A run of the monthly notices as its steps pass it on: a receipt that may be logged."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.gateways.files.targets import Target
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store.notices import NOTICES
from dunning.jobs.monthly.shown import Memory
from dunning.jobs.nightly.runs import shard_folder
from dunning.jobs.run_context import RunContext

_FOLDER = re.compile(r"[0-9-]+-(?P<service>[a-z]+)-[0-9a-f]+\.notices\Z")


@dataclass(frozen=True, kw_only=True)
class NoticesRun(RunContext):
    """The notices of one service on one date, published in `<out>/notices/<as_of>/<service>`.

    Attributes:
        service: word of words.SERVICES.
        since: day of the group's last run; payments after it are shown.
        shown_until: what was issued up to it counts as shown. shown_run_no: see
            `shown.Memory`.
        is_recording: records what was sent: not dry, the date is closed, and nothing was recorded
            yet.
        is_signed: a certificate is configured.
        wording: SHA-256 by name of the templates that it uses.
    """

    DATES = (*RunContext.DATES, "since", "shown_until")

    service: str
    since: date
    shown_until: date
    shown_run_no: int
    is_recording: bool
    is_signed: bool
    wording: dict[str, str]

    @property
    def memory(self) -> Memory:
        """The documents that count as shown before."""
        return Memory(self.shown_until, self.shown_run_no)

    @property
    def target(self) -> Target:
        """The target of its files."""
        return NOTICES.target(vars(self))

    @property
    def templates(self) -> Path:
        """The copy of the templates that it uses."""
        return Path(self.work) / "templates"

    @property
    def units(self) -> Path:
        """The folder of the units: notices in postal order, cut into files to render."""
        return Path(self.work) / "units"

    @property
    def rendered(self) -> Path:
        """The folder of the units' results."""
        return Path(self.work) / "rendered"

    def shard_folder(self, shard: int, shards: int) -> Path:
        """Return the folder of one shard's notices."""
        return shard_folder(Path(self.work), shard, shards)


def new_notices_folder(settings: Settings, as_of: date, service: str) -> Path:
    """Return a folder of its own for a run's work tables.

    The service is part of its name; `find_notices_folders` finds it by that.
    """
    return settings.home / "work" / f"{as_of.isoformat()}-{service}-{secrets.token_hex(4)}.notices"


def find_notices_folders(settings: Settings, service: str) -> Iterable[Path]:
    """Return the work folders that runs of a service's notices have left, or still use."""
    work = settings.home / "work"
    named = {
        folder: _FOLDER.match(folder.name) for folder in (work.iterdir() if work.is_dir() else ())
    }
    return [folder for folder, found in named.items() if found and found["service"] == service]
