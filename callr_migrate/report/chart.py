"""The trend as a drawing: places and texts, for the template to write as SVG."""

from __future__ import annotations

from callr_migrate.records import dataclass
from callr_migrate.report.model import Trend
from callr_migrate.report.words import number

WIDTH, HEIGHT = 800, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 772, 36, 216
_STEPS = (1, 2, 5)
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line, and the number of calls that it stands for."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text or a point at a place; `anchor` is on which side of `x` the text stands, `below` how far beneath `y`."""

    x: float
    y: float
    text: str
    anchor: str
    below: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn. The curve goes in steps: between two commits nothing changed."""

    width: int
    height: int
    left: int
    right: int
    lines: tuple[Line, ...]
    dots: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    curve: str
    area: str


def drawn(trend: Trend | None) -> Chart | None:
    """The chart; None for fewer than two points. Points are as far apart as their days, or evenly on one day."""
    if trend is None or len(trend.points) < 2:
        return None
    points = trend.points
    first, last = points[0].day, points[-1].day
    days = (last - first).days
    step, top = _scale(max(point.calls for point in points))

    def across(index: int) -> float:
        part = max((points[index].day - first).days, 0) / days if days > 0 else index / (len(points) - 1)
        return round(_LEFT + (_RIGHT - _LEFT) * min(part, 1.0), 1)

    def up(calls: int) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * calls / top, 1)

    places = [(across(index), up(point.calls)) for index, point in enumerate(points)]
    curve = f"M{places[0][0]} {places[0][1]}" + "".join(f"H{x}V{y}" for x, y in places[1:])
    dots = [
        Mark(x, y, _label(trend, index), _anchor(index, len(points)), _below(trend, index))
        for index, (x, y) in enumerate(places)
    ]
    ticks = (
        Mark(_LEFT, 0, first.isoformat(), "start"),
        Mark(_RIGHT, 0, last.isoformat(), "end"),
    )
    return Chart(
        WIDTH,
        HEIGHT,
        _LEFT,
        _RIGHT,
        tuple(Line(up(calls), number(calls)) for calls in range(0, top + 1, step)),
        tuple(dots),
        ticks if days > 0 else ticks[:1],
        curve,
        f"{curve}V{_BOTTOM}H{_LEFT}Z",
    )


def _scale(most: int) -> tuple[int, int]:
    """The distance of the lines, and the number of the highest one."""
    factor = 1
    while True:
        for base in _STEPS:
            step = base * factor
            if step * _MOST_LINES >= most:
                return step, max(step, -(-most // step) * step)
        factor *= 10


def _label(trend: Trend, index: int) -> str:
    """The number of calls at the ends alone: the table has all."""
    return number(trend.points[index].calls) if index in (0, len(trend.points) - 1) else ""


def _anchor(index: int, count: int) -> str:
    return "start" if index == 0 else "end" if index == count - 1 else "middle"


def _below(trend: Trend, index: int) -> int:
    """A label stands above its point, unless the curve falls down to that from there."""
    falls = index > 0 and trend.points[index - 1].calls > trend.points[index].calls
    return 24 if falls else -11
