"""The texts of scaffolds: what stands in `<...>`, and whether the pack has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from callr_migrate.pack.base import nearest
from callr_migrate.pack.forms import Scaffold
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from callr_migrate.pack.model import Method, RulePack

MARK = re.compile(r"<(?:(?P<methods>[\w/.|]+):)?(?P<path>\w+(?:\[\d*\]|\.\w+)*)(?P<mode>[!?#+]?)>")
_STEP = re.compile(r"\[(\d*)\]|\.?(\w+)")


@dataclass(frozen=True)
class Slot:
    """One `<...>`: a place in the parameters of the call that is replaced, or of the calls of some `methods`.

    `steps` are the parameter's name, then keys and indexes; None stands for each item of a list. `mode` is empty or
    one of `!`, `?`, `#`, `+`, as `Scaffold` tells.
    """

    methods: tuple[str, ...]
    steps: tuple[str | int | None, ...]
    mode: str

    @property
    def path(self) -> str:
        """As the rules write it."""
        return shown_path(self.steps)

    @property
    def list_steps(self) -> tuple[str | int | None, ...] | None:
        """The steps to the list whose items it stands for; None if it stands for one value."""
        return self.steps[: self.steps.index(None)] if None in self.steps else None


def shown_path(steps: tuple[str | int | None, ...]) -> str:
    """Steps as the rules write them: `params.targets[0].number`."""
    text = "".join(
        f".{step}" if isinstance(step, str) else f"[{'' if step is None else step}]" for step in steps
    )
    return text.removeprefix(".")


def slot_of(match: re.Match[str]) -> Slot:
    """The slot that `MARK` has found."""
    steps: list[str | int | None] = []
    for index, name in _STEP.findall(match["path"]):
        steps.append(name or (int(index) if index else None))
    return Slot(tuple(match["methods"].split("|")) if match["methods"] else (), tuple(steps), match["mode"])


def slots(text: str) -> Iterator[Slot]:
    """All slots of a text."""
    yield from map(slot_of, MARK.finditer(text))


def conditions(scaffold: Scaffold) -> dict[Slot, list[str]]:
    """The places in the parameters that decide whether it is the right one, and what must stand there."""
    found = {next(slots(f"<{path}>"), None): values for path, values in scaffold.when.items()}
    return {slot: values for slot, values in found.items() if slot is not None}


def scaffold_problems(pack: RulePack, scaffold: Scaffold) -> Iterator[str]:
    """One line for each name in a scaffold that the pack does not have."""
    where = f"{scaffold.location}: {scaffold.scaffold}"
    if bool(scaffold.app) == bool(scaffold.methods):
        yield f"{where} needs either 'app' or 'methods'"
    if scaffold.app and scaffold.app not in pack.apps:
        yield f"{where}: no app {scaffold.app!r} in the pack{nearest(scaffold.app, pack.apps)}"
    if len(conditions(scaffold)) < len(scaffold.when):
        yield f"{where}: 'when' has a key that names no parameter"
    for name in scaffold.methods:
        if name not in pack.methods:
            yield f"{where}: no method {name!r} in the pack{nearest(name, pack.methods)}"
    for slot in (*slots(scaffold.text), *conditions(scaffold)):
        for name in slot.methods:
            if name not in pack.methods:
                yield f"{where}: no method {name!r} in the pack{nearest(name, pack.methods)}"
        given = [pack.methods[name] for name in slot.methods if name in pack.methods]
        for maker in given if slot.methods else makers_of(pack, scaffold):
            yield from _step_problems(pack, scaffold, slot, maker, where)
        if slot.steps.count(None) > 1:
            yield f"{where}: <{slot.path}> goes through two lists; one is the most"


def makers_of(pack: RulePack, scaffold: Scaffold) -> list[Method]:
    """The methods whose calls a scaffold stands for."""
    if scaffold.methods:
        return [pack.methods[name] for name in scaffold.methods if name in pack.methods]
    return [
        method
        for method in pack.methods.values()
        if (method.makes == scaffold.app and scaffold.app) or any(param.app for param in method.params or ())
    ]


def _step_problems(
    pack: RulePack, scaffold: Scaffold, slot: Slot, method: Method, where: str
) -> Iterator[str]:
    params = {param.name: param for param in method.params or ()}
    first, *rest = slot.steps
    if first not in params:
        yield (
            f"{where}: <{slot.path}> names {first!r}, but {method.method} has no such parameter"
            f"{nearest(str(first), params)}"
        )
        return
    # What an app is made with is an object of the app's own name.
    kind = params[str(first)].object or (scaffold.app if not slot.methods else None)
    for step in rest:
        held = pack.objects.get(kind or "")
        if not isinstance(step, str):
            continue
        if held is None:
            return
        if step not in held.fields:
            yield f"{where}: <{slot.path}>: {held.object} has no field {step!r}{nearest(step, held.fields)}"
            return
        kind = held.fields[step].object
