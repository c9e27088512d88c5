"""`python -m tests.fuzz --cases N --seed S`: more of the fuzz by hand, with a table of what came of
it.
"""

import argparse
import sys
from collections import Counter

from tests.fuzz.batches import SHARES, Counts, count_outcomes, run_trials, show_counts
from tests.fuzz.row_ledgers import FORMS
from tests.fuzz.row_trials import rows_for, try_rows
from tests.fuzz.trials import FAULT


def main() -> int:
    """Try everything; return 1 where there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=2000, help="files, mappings and manifests; rows come on top"
    )
    parser.add_argument(
        "--texts", type=int, default=1000, help="texts that Hypothesis makes for each kind of cell"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts: Counts = Counter()
    for form in FORMS:
        of_form, faults = try_rows(form, rows_for(form, options.seed, options.texts))
        counts += of_form
        print(*faults, sep="\n", end="\n" if faults else "")
    for kind, share in SHARES.items():
        outcomes = run_trials(kind, options.seed, options.cases * share // 1000)
        counts += count_outcomes(outcomes)
        for one in outcomes:
            if one.outcome == FAULT:
                print(f"{kind}, seed {options.seed}, {one.what}: {one.detail}")
    print(show_counts(counts))
    return int(any(outcome == FAULT for _, outcome in counts))


if __name__ == "__main__":
    sys.exit(main())
