"""What the rest of the migration may cost: counts times minutes, and the minutes are assumptions that users replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from callr_migrate.config_values import EFFORT
from callr_migrate.report.model import Counts, Effort, EffortItem, Place, State

_WHAT = {
    "automatic": "call that `fix` rewrites: read the change",
    "unsafe": "call that `fix --unsafe-fixes` rewrites: check what it leans on, read the change",
    "manual": "call that a person rewrites",
    "blocked": "call without a counterpart: put in what takes its place",
    "design": "retired app or method without a counterpart: find out what takes its place, once each",
    "other": "other place that a person changes",
    "file": "file with legacy code: test it, and have it reviewed",
}


class Rates:
    """Minutes for each kind of work; `settled` is what the user's settings say."""

    def __init__(self, settled: Mapping[str, int]) -> None:
        self.minutes = {**EFFORT, **settled}

    def of(self, places: Sequence[Place]) -> int:
        """Minutes for the places of some files, without `design`, which is done once for all of them."""
        return sum(count * self.minutes[name] for name, count in _counted(places).items())

    def of_calls(self, places: Iterable[Place]) -> int:
        """Minutes for the places themselves, apart from `design` and what each file costs."""
        counted = _counted(list(places))
        return sum(count * self.minutes[name] for name, count in counted.items() if name != "file")

    def effort(self, places: Sequence[Place]) -> Effort:
        """The estimate for all places."""
        counted = _counted(places)
        counted["design"] = len({place.app or place.method for place in places if _needs_design(place)})
        return Effort(
            tuple(EffortItem(name, what, counted[name], self.minutes[name]) for name, what in _WHAT.items())
        )


def _counted(places: Sequence[Place]) -> dict[str, int]:
    counts = Counts.of(places)
    counted = {state.value: counts.of_state(state) for state in State}
    counted["other"] = sum(_is_other(place) for place in places)
    counted["file"] = len({place.path for place in places})
    return counted


def _is_other(place: Place) -> bool:
    """Whether a person has to change a place that is no call; what a retired app needs is counted with its call."""
    return not place.is_call and place.after is None and place.state is not State.BLOCKED


def _needs_design(place: Place) -> bool:
    return place.is_call and place.state is State.BLOCKED
