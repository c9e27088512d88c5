"""A process that tries a stretch of trials under a watch and a bound: `python -m tests.fuzz.worker
KIND SEED FIRST N`.

Prints one JSON line a trial. A trial that takes longer than it may ends the process with a
traceback on stderr; one that wants more memory than it may gets none.
"""

import faulthandler
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.file_ledgers import write_good_ledgers
from tests.fuzz.file_trials import try_bytes, try_gzip, try_place
from tests.fuzz.mapping_trials import try_manifest, try_mapping
from tests.fuzz.parquet_trials import try_parquet
from tests.fuzz.trials import Outcome, scratch

SECONDS_MAX = 60
BYTES_MAX = 6 << 30

KINDS: dict[str, Callable[[Random, dict[str, Path]], Outcome]] = {
    "bytes": try_bytes,
    "gzip": try_gzip,
    "place": try_place,
    "mapping": try_mapping,
    "parquet": try_parquet,
    "manifest": try_manifest,
}


def random_of(kind: str, seed: int, number: int) -> Random:
    """Return a trial's own source of chance, whatever was tried before it."""
    return Random(f"{kind} {seed} {number}")


def main(kind: str, seed: int, first: int, count: int) -> None:
    """Try the trials `first` up to `first + count`."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))
    with scratch() as folder:
        ledgers = write_good_ledgers(folder)
        for number in range(first, first + count):
            faulthandler.dump_traceback_later(SECONDS_MAX, exit=True)
            outcome = KINDS[kind](random_of(kind, seed, number), ledgers)
            print(json.dumps({"number": number, **outcome.as_dict()}), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
