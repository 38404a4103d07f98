"""Faults on purpose: by rate (`429=0.1,slow=0.2`), or by a script that says which request fails how."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from callr_migrate.records import dataclass

STATUSES = ("400", "401", "403", "429", "500", "502", "503")
KINDS = (*STATUSES, "timeout", "slow")
DEFAULT_SECONDS = {"timeout": 30.0, "slow": 2.0}


class FaultsError(Exception):
    """The faults that are asked for make no sense; the message is one line."""


@dataclass(frozen=True)
class Fault:
    """What happens in place of an answer (or before one, if `slow`)."""

    kind: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind} ({self.seconds:g} s)" if self.seconds else self.kind


@dataclass
class Line:
    """One line of a script: the requests whose wire form begins with `match`, from the `skip`-th, `times` times."""

    match: str
    fault: Fault
    skip: int = 0
    times: int = 1


class Faults:
    """Decides for each request."""

    def __init__(self, rates: list[tuple[float, Fault]], script: list[Line], seed: int) -> None:
        self.rates = rates
        self.script = script
        self._random = random.Random(seed)

    def of(self, wire: str) -> Fault | None:
        """The fault of the next request, if it gets one."""
        for line in self.script:
            if wire.startswith(line.match) and line.times > 0:
                if line.skip > 0:
                    line.skip -= 1
                    continue
                line.times -= 1
                return line.fault
        if not self.rates:
            return None
        # One throw a request, so that what comes does not depend on how many kinds there are.
        thrown = self._random.random()
        for rate, fault in self.rates:
            if thrown < rate:
                return fault
            thrown -= rate
        return None


def parse_faults(text: str | None, seed: int) -> Faults:
    """From `KIND=RATE[:SECONDS],...` or the path of a script; raises `FaultsError`."""
    if not text:
        return Faults([], [], seed)
    if "=" not in text:
        return Faults([], _script(Path(text)), seed)
    rates = []
    for part in text.split(","):
        kind, _, rest = part.partition("=")
        rate, _, seconds = rest.partition(":")
        try:
            chance = float(rate)
        except ValueError:
            chance = -1.0
        if not 0 <= chance <= 1:
            raise FaultsError(f"--faults: {part!r}: the rate must be a number from 0 to 1")
        rates.append((chance, _fault(kind.strip(), seconds or None, f"--faults: {part!r}")))
    if sum(rate for rate, _ in rates) > 1:
        raise FaultsError("--faults: the rates add up to more than 1")
    return Faults(rates, [], seed)


def _fault(kind: str, seconds: Any, where: str) -> Fault:
    if kind not in KINDS:
        raise FaultsError(f"{where}: there is no fault {kind!r}; there is {', '.join(KINDS)}")
    try:
        length = float(DEFAULT_SECONDS.get(kind, 0.0) if seconds is None else seconds)
    except (TypeError, ValueError):
        length = -1.0
    if not 0 <= length <= 600:
        raise FaultsError(f"{where}: the time must be a number of seconds from 0 to 600")
    return Fault(kind, length if kind in DEFAULT_SECONDS else 0.0)


def _script(path: Path) -> list[Line]:
    import yaml

    try:
        entries = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise FaultsError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (yaml.YAMLError, ValueError):
        raise FaultsError(f"{path}: is no YAML") from None
    if not isinstance(entries, list):
        raise FaultsError(f"{path}: must be a list of faults")
    lines = []
    for index, entry in enumerate(entries, 1):
        where = f"{path}: entry {index}"
        if not isinstance(entry, dict) or not {"fault"} <= entry.keys() <= {
            "match",
            "fault",
            "skip",
            "times",
            "seconds",
        }:
            raise FaultsError(f"{where}: must have 'fault', and may have match, skip, times, seconds")
        counts = [entry.get("skip", 0), entry.get("times", 1)]
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise FaultsError(f"{where}: 'skip' and 'times' must be whole numbers")
        fault = _fault(str(entry["fault"]), entry.get("seconds"), where)
        lines.append(Line(str(entry.get("match", "")), fault, *counts))
    return lines
