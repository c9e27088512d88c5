"""Money: int64 minor units inside (euro cents, stotinki), decimal strings at the edges."""

from decimal import Decimal

import numpy as np

from dunning.core.arrays import Cents

BGN_PER_EUR = Decimal("1.95583")
_NUMERATOR, _DENOMINATOR = 100_000, 195_583


def convert_to_cents(stotinki: Cents) -> Cents:
    """Return euro cents for stotinki: divided by 1.95583, half-up to the cent (away from zero).

    Source: Закон за въвеждане на еврото (ДВ 70/2024); Reg. (EC) 1103/97 art. 4-5. The rate is fixed
    for ever, which is why it is no policy value.

    >>> convert_to_cents(np.array([10000, 1000, 1, -1000])).tolist()
    [5113, 511, 1, -511]
    """
    stotinki = np.asarray(stotinki, np.int64)
    size = np.abs(stotinki)
    # In integers: (2a + b) // 2b is a / b rounded half up; the sign is put back below.
    cents = (2 * size * _NUMERATOR + _DENOMINATOR) // (2 * _DENOMINATOR)
    return np.sign(stotinki) * cents


def format_minor(minor: int) -> str:
    """Return minor units as text with a decimal comma.

    Thousands are separated by a no-break space from five digits on.

    >>> format_minor(123405), format_minor(-7), format_minor(1234567)
    ('1234,05', '-0,07', '12\\xa0345,67')
    """
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(int(minor)), 100)
    return f"{sign}{format_count(whole)},{rest:02d}"


def format_count(number: int) -> str:
    """Return a whole number as text, thousands separated from five digits on.

    >>> format_count(9999), format_count(10000), format_count(-1234567)
    ('9999', '10\\xa0000', '-1\\xa0234\\xa0567')
    """
    return (
        f"{number:,}".replace(",", "\N{NO-BREAK SPACE}") if abs(number) >= 10_000 else str(number)
    )
