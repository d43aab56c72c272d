"""Lines over steps as SVG, drawn here: no library, no script.

Invariants: what is drawn has at most ``POINT_LIMIT`` points a line, and among them every extreme; values that are no
finite number are gaps, never zeros and never bridged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mltrack import _mltrack
from mltrack.notebook._page import color, number, text

__all__ = ["POINT_LIMIT", "Line", "chart", "of_buckets", "thinned"]

POINT_LIMIT = 2_000
_OF_BUCKET = 5
"""The points that a stretch leaves at most: first, lowest, highest, last, and a gap."""
BUCKET_COUNT = POINT_LIMIT // 4
"""The buckets that are asked of a store, each of which is drawn as four points."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 26, 38
_LETTER = 6.2
"""About how wide a letter is."""
_ROW = 15
"""How high a line of the legend is."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A named line."""

    name: str
    points: Sequence[Point]


def thinned(steps: Sequence[float], values: Sequence[float], limit: int = POINT_LIMIT) -> list[Point]:
    """At most ``limit`` of the points: of each stretch the first, the last, both extremes, and a gap if it has one.

    >>> points = thinned(range(10_000), [7.0 if step == 4_321 else 0.0 for step in range(10_000)])
    >>> len(points) <= 2_000, max(value for _, value in points)
    (True, 7.0)
    """
    count = len(steps)
    if count <= limit:
        return list(zip(steps, values, strict=True))
    stretch = math.ceil(count / max(1, limit // _OF_BUCKET))
    points: list[Point] = []
    for begin in range(0, count, stretch):
        part = values[begin : begin + stretch]
        points += [(steps[begin + place], part[place]) for place in _telling(part)]
    return points


def _telling(values: Sequence[float]) -> list[int]:
    """The places of a stretch that say what there is to see."""
    finite = [place for place, value in enumerate(values) if math.isfinite(value)]
    gap = next((place for place, value in enumerate(values) if not math.isfinite(value)), None)
    places = {gap} if gap is not None else set()
    if finite:
        places |= {finite[0], finite[-1]}
        places |= {min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)}
    return sorted(places)


def of_buckets(frame: _mltrack.Frame) -> list[Point]:
    """The points that buckets of a store stand for."""
    columns = [frame[name].tolist() for name in ("step_first", "step_last", "first", "min", "max", "last")]
    points: list[Point] = []
    for first_step, last_step, first, low, high, last in zip(*columns, strict=True):
        middle = (first_step + last_step) / 2
        inner = [(middle, value) for value in (low, high) if value is not None]
        points += [(first_step, first), *inner, (last_step, last)]
    return points


def chart(lines: Sequence[Line], *, title: str = "", width: int = 480, height: int = 220) -> str:
    """A chart: what is drawn above it, labelled axes, a legend above the lines where there are several."""
    finite = [point for line in lines for point in line.points if math.isfinite(point[1])]
    label = text(title or ", ".join(line.name for line in lines))
    names, rows = _legend(lines, width) if len(lines) > 1 else ("", 0)
    top, height = _TOP + rows * _ROW, height + rows * _ROW
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{label}" fill="#59636e" font-size="11" font-family="sans-serif">'
        f'<title>{label}</title><text class="title" x="{_LEFT}" y="14">{label}</text>'
    )
    if not finite:
        return f'{head}<text x="{width // 2}" y="{height // 2}" text-anchor="middle">no finite value</text></svg>'
    across = _Scale.over([step for step, _ in finite], _LEFT, width - _RIGHT)
    up = _Scale.over([value for _, value in finite], height - _BOTTOM, top, margin=0.04)
    drawn = "".join(_drawn(line, index, across, up) for index, line in enumerate(lines))
    return head + _axes(across, up, width, height) + drawn + names + "</svg>"


@dataclass(frozen=True)
class _Scale:
    """Where numbers are on the picture."""

    low: float
    high: float
    begin: float
    end: float

    @staticmethod
    def over(values: Sequence[float], begin: float, end: float, margin: float = 0.0) -> _Scale:
        low, high = min(values), max(values)
        # Half of each, because the width of all that doubles hold is more than one holds.
        half = (high / 2 - low / 2) * (1 + margin) or max(abs(high) * 0.05, 0.5)
        middle = high / 2 + low / 2
        if margin == 0 and high > low:
            return _Scale(low, high, begin, end)
        return _Scale(middle - half, middle + half, begin, end)

    def at(self, value: float) -> float:
        part = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.begin + (self.end - self.begin) * part

    def ticks(self, count: int) -> list[float]:
        """Round numbers within the scale, about so many."""
        rough = (self.high / 2 - self.low / 2) * 2 / count
        if not math.isfinite(rough) or rough <= 0:
            return [self.low, self.high]
        power = 10.0 ** math.floor(math.log10(rough))
        if power <= 0:
            return [self.low, self.high]
        ways = [self._multiples(power * part, 2 * count + 2) for part in (1, 2, 2.5, 5, 10)]
        found = min(ways, key=lambda ticks: abs(len(ticks) - count))
        return found if len(found) > 1 else [self.low, self.high]

    def _multiples(self, size: float, limit: int) -> list[float]:
        first = math.ceil(self.low / size)
        return [index * size for index in range(first, first + limit) if index * size <= self.high]


def _axes(across: _Scale, up: _Scale, width: int, height: int) -> str:
    bottom = height - _BOTTOM
    parts = []
    heights, places = up.ticks(5), across.ticks(6)
    for value in heights:
        y = f"{up.at(value):.1f}"
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{width - _RIGHT}" y2="{y}" stroke="#d1d9e0"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{label(value, heights)}</text>')
    for value in places:
        x = f"{across.at(value):.1f}"
        parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{label(value, places)}</text>')
    parts.append(f'<text x="{(_LEFT + width - _RIGHT) // 2}" y="{height - 6}" text-anchor="middle">step</text>')
    return "".join(parts)


def label(value: float, others: Sequence[float]) -> str:
    """A number as short as it differs from the others of its axis.

    >>> [label(value, (2e6, 2.5e6, 3e6)) for value in (2e6, 2.5e6)], label(10_000_001, (10_000_001, 10_000_002))
    (['2e6', '2.5e6'], '10000001')
    """
    if value == int(value) and abs(value) < 1e5:
        return str(int(value))
    for digits in range(3, 17):
        if len({f"{other:.{digits}g}" for other in others}) == len(others):
            return f"{value:.{digits}g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return number(value)


def _drawn(line: Line, index: int, across: _Scale, up: _Scale) -> str:
    paint = color(index)
    parts = []
    for stretch in _stretches(line.points):
        places = [f"{across.at(step):.1f},{up.at(value):.1f}" for step, value in stretch]
        if len(places) == 1:
            x, y = places[0].split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="2" style="fill:{paint}"/>')
        else:
            parts.append(f'<polyline class="series" fill="none" style="stroke:{paint}" points="{" ".join(places)}"/>')
    return "".join(parts)


def _stretches(points: Iterable[Point]) -> list[list[Point]]:
    """The points between gaps."""
    stretches: list[list[Point]] = [[]]
    for point in points:
        if math.isfinite(point[1]):
            stretches[-1].append(point)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]


def _legend(lines: Sequence[Line], width: int) -> tuple[str, int]:
    """The names of the lines in rows, each behind a dash of its colour; and how many rows there are."""
    parts: list[str] = []
    x, row = float(_LEFT), 1
    for index, line in enumerate(lines):
        name = text(line.name, 40)
        length = 20 + _LETTER * min(len(line.name), 40)
        if x > _LEFT and x + length > width - _RIGHT:
            x, row = float(_LEFT), row + 1
        y = 14 + row * _ROW
        parts.append(f'<line x1="{x:.0f}" y1="{y - 4}" x2="{x + 12:.0f}" y2="{y - 4}" stroke-width="2.5" style="stroke:{color(index)}"/>')
        parts.append(f'<text x="{x + 16:.0f}" y="{y}">{name}</text>')
        x += length + 12
    return "".join(parts), row
