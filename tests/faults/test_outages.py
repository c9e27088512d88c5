"""PostgreSQL dies under a run: the run says so in one message and ends; the next one starts the
server and is whole.
"""

from pathlib import Path

import pytest

from tests.faults.children import Warm
from tests.faults.kills import STEPS
from tests.faults.outages import KINDS, draw_outages, run_outage
from tests.faults.places import Undisturbed
from tests.faults.servers import Server

SEED = 20261122


@pytest.mark.parametrize("kind", KINDS)
def test_one_message_and_the_next_run_is_whole(
    kind: str, folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    trials = draw_outages(undisturbed, len(STEPS), SEED, kind)
    outages = [
        run_outage(t, folder / str(n), undisturbed, warm_process, server)
        for n, t in enumerate(trials)
    ]
    told = {outage.trial.name: outage.told for outage in outages if outage.code != 0}

    assert {outage.trial.name: outage.wrong for outage in outages if outage.wrong} == {}
    assert {outage.code for outage in outages if not outage.was_published} == {
        1
    }  # closed books: nothing has failed
    assert {name: said for name, said in told.items() if said.count("\n") != 1} == {}
    assert {
        name: said
        for name, said in told.items()
        if not said.startswith("dunning: PostgreSQL gave up")
    } == {}
