"""What is left open, told by running sums, is what the drawn pieces leave; and the pieces never
overfill anything.
"""

from random import Random

import numpy as np
import pytest

from dunning.decisions.account.payment_matching import leave_open, settle
from dunning.decisions.segments import sum_by

ACCOUNTS = 6


def draw(seed: int) -> tuple[np.ndarray, ...]:
    """Return debts and moneys of a few accounts; some moneys name a debt of their own account."""
    dice = Random(seed)
    debt_account = np.array(
        sorted(dice.randrange(ACCOUNTS) for _ in range(dice.randrange(12))), np.int32
    )
    money_account = np.array(
        sorted(dice.randrange(ACCOUNTS) for _ in range(dice.randrange(12))), np.int32
    )
    debt = np.array([dice.choice((0, 1, 5, 10, 99)) for _ in debt_account], np.int64)
    money = np.array([dice.choice((0, 1, 5, 10, 99, 500)) for _ in money_account], np.int64)
    named = [
        dice.choice([-1, *np.flatnonzero(debt_account == account)]) for account in money_account
    ]
    return debt_account, debt, money_account, money, np.array(named, np.int64)


@pytest.mark.parametrize("seed", range(300))
def test_running_sums_leave_what_the_pieces_leave(seed: int) -> None:
    debt_account, debt, money_account, money, named = draw(seed)
    pieces = settle(debt_account, debt, money_account, money, named)
    left = leave_open(debt_account, debt, sum_by(money_account, money, ACCOUNTS), named, money)

    assert (debt - sum_by(pieces.debt, pieces.amount, len(debt))).tolist() == left.tolist()
    assert (sum_by(pieces.money, pieces.amount, len(money)) <= money).all()
    assert (debt_account[pieces.debt] == money_account[pieces.money]).all()
    assert (pieces.amount > 0).all()
