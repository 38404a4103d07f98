"""Times in and out."""

from __future__ import annotations

import pytest

from callr_migrate.twin.clock import Clock, formatted, parse_instant


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:30:00-00:30", 0),
        ("2026-11-02T08:00:00.26253z", 1793606400262),
        ("1969-12-31T23:59:59.5Z", -500),
        ("2016-12-31T23:59:60Z", 1483228800000),
    ],
)
def test_times_of_rfc_3339(text: str, milliseconds: int) -> None:
    assert parse_instant(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-02",
        "2026-11-02T08:00:00",
        "2026-13-02T08:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-02T08:00:00Zx",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_instant(text)


def test_forms() -> None:
    assert formatted(1793606400262, "%Y-%m-%d %H:%M:%S") == "2026-11-02 08:00:00"
    assert formatted(1793606400007, "%Y-%m-%dT%H:%M:%S.%fZ") == "2026-11-02T08:00:00.007Z"


def test_a_standing_clock_moves_with_requests_only() -> None:
    clock = Clock(5_000)
    assert (clock.now(), clock.now()) == (5_000, 5_000)
    clock.tick()
    clock.advance(250)
    assert clock.now() == 6_250
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    flowing = Clock()
    before = flowing.now()
    flowing.tick()
    flowing.advance(10_000)
    assert flowing.now() >= before + 10_000
