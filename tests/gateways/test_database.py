import pytest

from dunning.core.errors import DunningError
from dunning.gateways.database import run_lock


def test_a_second_run_says_so(engine, settings):
    with run_lock(engine, "nightly 2026-11-22"):
        with pytest.raises(DunningError) as e:
            with run_lock(engine, "nightly 2026-11-22"):
                pass
        print(e.value)
    with run_lock(engine, "x"):
        pass
