"""Money: int64 minor units inside (euro cents, stotinki), decimal strings at the edges."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt

Cents = npt.NDArray[np.int64]

BGN_PER_EUR = Decimal("1.95583")
_NUMERATOR, _DENOMINATOR = 100_000, 195_583


def convert_to_cents(stotinki: Cents) -> Cents:
    """Return euro cents for stotinki: divided by 1.95583, half-up to the cent (away from zero).

    Source: Закон за въвеждане на еврото (ДВ 70/2024); Reg. (EC) 1103/97 art. 4-5. The rate is fixed for ever, which is
    why it is no policy value.

    >>> convert_to_cents(np.array([10000, 1000, 1, -1000])).tolist()
    [5113, 511, 1, -511]
    """
    stotinki = np.asarray(stotinki, np.int64)
    size = np.abs(stotinki)
    cents = (2 * size * _NUMERATOR + _DENOMINATOR) // (2 * _DENOMINATOR)
    return np.sign(stotinki) * cents


def format_minor(minor: int) -> str:
    """Return minor units as a decimal string with a comma, without grouping.

    >>> format_minor(123405), format_minor(-7)
    ('1234,05', '-0,07')
    """
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(int(minor)), 100)
    return f"{sign}{whole},{rest:02d}"
