"""Counts, minutes, and how they are said."""

from __future__ import annotations

from datetime import date

import pytest
from report_support import migration, place

from callr_migrate.config_values import EFFORT
from callr_migrate.report.chart import drawn
from callr_migrate.report.effort import Rates
from callr_migrate.report.model import Counts, Row, State, Trend, TrendPoint
from callr_migrate.report.summary import summary
from callr_migrate.report.words import duration, pace, share, time_left


def test_only_calls_are_counted() -> None:
    places = [place(state=State.BLOCKED), place(state=State.AUTOMATIC), place(is_call=False)]
    counts = Counts.of(places)
    assert (counts.calls, counts.automatic, counts.unsafe, counts.manual, counts.blocked) == (2, 1, 0, 0, 1)


def test_effort_is_counts_times_minutes() -> None:
    places = [
        place(state=State.AUTOMATIC),
        place(state=State.UNSAFE),
        place(state=State.MANUAL, after=None),
        place(state=State.BLOCKED, after=None, method="a.b", path="b.py"),
        place(state=State.BLOCKED, after=None, method="a.b", path="b.py"),
        place(state=State.BLOCKED, after=None, method="a.c", app="OLD", path="b.py"),
        place(state=State.BLOCKED, after=None, method="a.d", app="OLD", path="b.py"),
        place(is_call=False, state=State.BLOCKED, after=None, path="b.py"),
        place(is_call=False, state=State.MANUAL, after=None),
        place(is_call=False, state=State.UNSAFE),
    ]
    rates = {
        "automatic": 1,
        "unsafe": 10,
        "manual": 100,
        "blocked": 1000,
        "design": 10000,
        "other": 3,
        "file": 5,
    }
    effort = Rates(rates).effort(places)
    counts = {item.name: item.count for item in effort.items}
    # Two calls need the same design, and two the same app.
    assert counts == {
        "automatic": 1,
        "unsafe": 1,
        "manual": 1,
        "blocked": 4,
        "design": 2,
        "other": 1,
        "file": 2,
    }
    assert effort.minutes == 1 + 10 + 100 + 4000 + 20000 + 3 + 10
    assert Rates(rates).of(places) == effort.minutes - 20000
    assert Rates(rates).of_calls(places) == effort.minutes - 20000 - 10


def test_settings_replace_single_minutes() -> None:
    items = Rates({"manual": 7}).effort([place(state=State.MANUAL)]).items
    assert {item.name: item.minutes for item in items} == {**EFFORT, "manual": 7}


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (90, "1.5 h"),
        (1439, "24 h"),
        (1440, "3 days"),
        (600000, "1,250 days"),
    ],
)
def test_duration(minutes: int, shown: str) -> None:
    assert duration(minutes) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "0 %"), (0, 5, "0 %"), (1, 5000, "1 %"), (4999, 5000, "99 %"), (5, 5, "100 %"), (1, 3, "33 %")],
)
def test_share(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


@pytest.mark.parametrize(
    ("today", "shown"),
    [
        (date(2026, 1, 1), "545 days left until 30 June 2027"),
        (date(2027, 6, 29), "1 day left until 30 June 2027"),
        (date(2027, 6, 30), "the last day is today, 30 June 2027"),
        (date(2027, 7, 2), "2 days past 30 June 2027"),
    ],
)
def test_time_left(today: date, shown: str) -> None:
    assert time_left(migration(today=today)) == shown


def test_pace() -> None:
    points = (TrendPoint("a", date(2027, 1, 1), 30), TrendPoint(None, date(2027, 3, 2), 17))
    some = [place() for _ in range(17)]
    assert pace(migration(*some, trend=Trend(points))) == (
        "From 30 legacy calls on 1 January 2027 to 17 on 2 March 2027: 13 fewer. "
        "To be done in time, 1.0 must go each week from now on."
    )
    worse = (points[0], TrendPoint(None, date(2027, 3, 2), 31))
    assert pace(migration(place(), trend=Trend(points))).endswith("on its own here; together they have 1.")
    assert "1 more." in pace(migration(trend=Trend(worse)))
    assert "each week" not in pace(migration(trend=Trend(worse), today=date(2027, 7, 2)))


def test_the_chart_holds_all_points() -> None:
    calls = [0, 7, 134, 90, 90, 3]
    points = tuple(TrendPoint(str(count), date(2027, 1, 1 + 2 * at), count) for at, count in enumerate(calls))
    chart = drawn(Trend(points))
    assert chart is not None
    assert [line.text for line in chart.lines] == ["0", "50", "100", "150"]
    zero, top = chart.lines[0].y, chart.lines[-1].y
    for count, dot in zip(calls, chart.dots, strict=True):
        assert dot.y == pytest.approx(zero - (zero - top) * count / 150, abs=0.06)
        assert chart.left <= dot.x <= chart.right
    xs = [dot.x for dot in chart.dots]
    assert xs == sorted(xs)
    assert (xs[0], xs[-1]) == (chart.left, chart.right)
    assert [dot.text for dot in chart.dots] == ["0", "", "", "", "", "3"]


def test_the_chart_of_one_day_or_of_nothing() -> None:
    assert drawn(None) is None
    assert drawn(Trend((TrendPoint(None, date(2027, 1, 1), 4),))) is None
    chart = drawn(Trend((TrendPoint("a", date(2027, 1, 1), 0), TrendPoint(None, date(2027, 1, 1), 0))))
    assert chart is not None
    assert [dot.x for dot in chart.dots] == [chart.left, chart.right]


def test_the_summary_fits_a_screen_whatever_is_found() -> None:
    rows = tuple(Row(f"@owner{at}", Counts(manual=at), 0, 5) for at in range(900))
    places = [place(path=f"{at}.py") for at in range(900)]
    lines = summary(migration(*places, by_method=rows, by_file=rows, by_owner=rows, owners_file="CODEOWNERS"))
    assert lines[0] == "900 legacy calls in 900 files, 120 days left until 30 June 2027."
    assert "  unsafe    900  100 %" in lines
    assert "Most owned: @owner0 (0), @owner1 (1), @owner2 (2) and 897 more." in lines
    assert len(lines) < 15
    assert max(map(len, lines)) < 100


def test_the_summary_of_nothing() -> None:
    assert summary(migration(by_file=(), by_method=())) == [
        "0 legacy calls in 0 files, 120 days left until 30 June 2027."
    ]
