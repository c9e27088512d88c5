"""Lets a fault strike in whatever Python process comes to its point first, once: for processes that
others start.

Python imports a module of this name by itself where its folder is on PYTHONPATH. `DUNNING_FAULT`
holds the fault as JSON; `DUNNING_FAULT_STRUCK` names a file that is made when it strikes, and while
it is there nothing more does.
"""

import json
import os
from pathlib import Path

if "DUNNING_FAULT" in os.environ and not Path(os.environ["DUNNING_FAULT_STRUCK"]).exists():
    from tests.faults import points

    def strike_once(fault: points.Fault, strike=points.strike) -> None:
        """Leave the sign, then strike."""
        Path(os.environ["DUNNING_FAULT_STRUCK"]).touch()
        strike(fault)

    points.strike = strike_once
    points.Watch(points.Fault(**json.loads(os.environ["DUNNING_FAULT"])), None).install()
