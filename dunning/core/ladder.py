"""The ladder as a table of rungs: the stages, and what leads to each.

    stage           rung                counts                      after a served
    court_bound     court_bound         items named by its notice   final_warning
                    limitation_near     items that expire soon      -
    final_warning   final_warning       items named by its notice   overdue
    overdue         overdue             overdue items               -
    current         -

A stage is added here, as a rung with the notice below it, and in the policy, as a block of
`stages.toml`; all code that needs the ladder reads this table.
"""

from dataclasses import dataclass
from enum import Enum


class Sight(Enum):
    """Open, unprotected items of an account that count for a rung."""

    OVERDUE = "overdue"  # every overdue item
    NAMED = "named"  # claimable ones that a served notice of the stage below names
    EXPIRING = "expiring"  # claimable ones that expire soon; no notice is needed


@dataclass(frozen=True)
class Rung:
    """One rung: a set of conditions that leads to a stage.

    Attributes:
        name: of its conditions in the policy (`stages.<name>`) and of the rule in a decision.
        stage: to which it leads.
        sight: which items count for it.
        notice_below: the notice that must have been served before; empty where none is needed. A
            notice has the name of the stage of the accounts that get it.
    """

    name: str
    stage: str
    sight: Sight
    notice_below: str = ""


# From the lowest stage to the highest; of two rungs to one stage the first gives the reason.
RUNGS = (
    Rung("overdue", "overdue", Sight.OVERDUE),
    Rung("final_warning", "final_warning", Sight.NAMED, "overdue"),
    Rung("court_bound", "court_bound", Sight.NAMED, "final_warning"),
    Rung("limitation_near", "court_bound", Sight.EXPIRING),
)
RUNG_NAMES = tuple(rung.name for rung in RUNGS)
NAMED_RUNGS = tuple(rung for rung in RUNGS if rung.sight is Sight.NAMED)

STAGES = ("current", *dict.fromkeys(rung.stage for rung in RUNGS))
# The rung that leads to each stage step by step, `current` excepted.
STEPS = tuple(next(rung for rung in RUNGS if rung.stage == stage) for stage in STAGES[1:])

# The messages that nights send, the mildest first: each is the notice below a rung.
MESSAGES = tuple(rung.notice_below for rung in NAMED_RUNGS)
REMINDER = MESSAGES[0]
LAST_WARNING = MESSAGES[-1]  # the one that announces the court
DISCONNECTION = "disconnection"  # the warning before supply is cut; other systems send it
# A notice's place here is its code in snapshots that are kept: a new one goes to the end.
NOTICE_STAGES = ("overdue", "final_warning", DISCONNECTION)


def level_of(rung: Rung) -> int:
    """Return the code of the stage to which a rung leads.

    >>> [level_of(rung) for rung in RUNGS]
    [1, 2, 3, 3]
    """
    return STAGES.index(rung.stage)
