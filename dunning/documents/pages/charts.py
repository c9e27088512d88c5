"""Charts of sums as SVG: horizontal bars, and a line over months.

Colours are classes of the style sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _LABEL, _VALUE, _TOP = 880, 30, 210, 150, 6


@dataclass(frozen=True)
class Bar:
    """One bar: label, text after it, and parts (colour class, cents) from left to right."""

    label: str
    value: str
    parts: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        """The length of the bar, in cents."""
        return sum(cents for _, cents in self.parts)


def draw_bars(
    title: str, description: str, bars: Sequence[Bar], legend: Sequence[tuple[str, str]] = ()
) -> str:
    """Return horizontal bars as SVG; the longest bar fills the width.

    Args:
        title, description: for users who cannot see it.
        legend: class of the colour and its name.
    """
    # `or 1` avoids a division by zero where all sums are 0.
    longest = max((bar.total for bar in bars), default=0) or 1
    room = _WIDTH - _LABEL - _VALUE
    parts, top = [], _TOP
    if legend:
        parts.append(_legend(legend, top + 14))
        top += 30
    for bar in bars:
        parts.append(
            f'<text x="{_LABEL - 10}" y="{top + 19}" text-anchor="end">{escape(bar.label)}</text>'
        )
        left = float(_LABEL)
        for colour, cents in bar.parts:
            width = room * cents / longest
            size = f'width="{width:.1f}" height="{_ROW - 9}"'
            parts.append(f'<rect class="{colour}" x="{left:.1f}" y="{top + 4}" {size}/>')
            left += width
        parts.append(f'<text x="{left + 8:.1f}" y="{top + 19}">{escape(bar.value)}</text>')
        top += _ROW
    return _frame(title, description, top + _TOP, parts)


def draw_line(title: str, description: str, points: Sequence[tuple[str, str, int]]) -> str:
    """Return a line over months as SVG.

    Args:
        points: label (month), value as text, cents; ascending.
    """
    height, bottom, top = 260, 212, 30
    largest = max((cents for *_, cents in points), default=0) or 1
    # 65 units of margin on either side, for the labels of the first and the last month.
    step = (_WIDTH - 130) / max(len(points) - 1, 1)
    places = [
        (65 + n * step, bottom - (bottom - top) * cents / largest)
        for n, (*_, cents) in enumerate(points)
    ]
    parts = [f'<line class="axis" x1="40" y1="{bottom}" x2="{_WIDTH - 40}" y2="{bottom}"/>']
    if len(places) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        ends = f"{places[-1][0]:.1f},{bottom} {places[0][0]:.1f},{bottom}"
        parts += [
            f'<polygon class="area" points="{path} {ends}"/>',
            f'<polyline class="line" points="{path}"/>',
        ]
    for (label, value, _), (x, y) in zip(points, places, strict=True):
        tooltip = f"<title>{escape(label)}: {escape(value)}</title>"
        parts.append(f'<circle class="s1" cx="{x:.1f}" cy="{y:.1f}" r="4">{tooltip}</circle>')
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 22}" text-anchor="middle">{escape(label)}</text>'
        )
    for place in {0, len(points) - 1} if points else ():
        x, y = places[place]
        value = escape(points[place][1])
        parts.append(
            f'<text x="{x:.1f}" y="{max(y - 12, 14):.1f}" text-anchor="middle">{value}</text>'
        )
    return _frame(title, description, height, parts)


def draw_trend(description: str, values: Sequence[int]) -> str:
    """Return a small line without axes for use beside a number; its last point is marked.

    Args:
        description: for users who cannot see it.
        values: ascending in time, of any scale.
    """
    width, height, margin = 110, 22, 3
    # Scaled from the lowest to the highest value: it shows the course, not the size.
    low, high = min(values, default=0), max(values, default=0)
    step = (width - 2 * margin) / max(len(values) - 1, 1)
    room = (height - 2 * margin) / ((high - low) or 1)
    places = [
        (margin + n * step, height - margin - (value - low) * room if high > low else height / 2)
        for n, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline class="line" points="{path}"/>'] if len(places) > 1 else []
    parts += [f'<circle class="s1" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places[-1:]]
    return (
        f'<svg class="trend" role="img" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(description)}</title>{''.join(parts)}</svg>"
    )


def _legend(legend: Sequence[tuple[str, str]], y: int) -> str:
    parts, left = [], _LABEL
    for colour, name in legend:
        parts.append(f'<rect class="{colour}" x="{left}" y="{y - 11}" width="14" height="14"/>')
        parts.append(f'<text x="{left + 20}" y="{y + 1}">{escape(name)}</text>')
        left += 44 + 8 * len(name)
    return "".join(parts)


def _frame(title: str, description: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )
