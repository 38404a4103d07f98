"""CLR604: a password that stands in the source, next to legacy calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.secrets import Secrets
from callr_migrate.evaluate import Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Ref
from callr_migrate.findings import Finding
from callr_migrate.pack.model import Surface

_HELP = (
    'Read it from the environment, such as os.environ["..."], and change it: whoever has the repository, or a copy of '
    "its history, has the account."
)


def credential_findings(
    secrets: Secrets,
    clients: Iterable[tuple[Ref, Surface]],
    calls: Iterable[LegacyCall],
    is_shown: Callable[[Module], bool],
) -> Iterator[Finding]:
    """One finding a password, where it was written; where that is not shown, where it is used.

    A login alone is nobody's secret. `calls` may be made through a client or not.
    """
    done: set[tuple[Module, Span]] = set()
    places: list[tuple[Ref, Ref, str]] = []
    for client, surface in clients:
        places += [(ref, client, surface.surface) for ref in _passwords(secrets, client, surface)[-1:]]
    for call in calls:
        if not call.clients:
            places += [(ref, call.ref, call.surface) for ref in secrets.sent_with(call)[-1:]]
    for written, used, surface_name in places:
        at = written if is_shown(written.module) else used
        place = at.module, at.module.span(at.node)
        if place in done:
            continue
        done.add(place)
        yield Finding(
            "CLR604",
            "a password stands in the source",
            at.module.path,
            *place[1],
            surface=surface_name,
            help=_HELP,
        )


def _passwords(secrets: Secrets, client: Ref, surface: Surface) -> list[Ref]:
    """The literals that a client is made with, its login left out."""
    assert isinstance(client.node, cst.Call)
    login = surface.constructor[0] if surface.constructor else None
    found = [
        ref
        for index, arg in enumerate(client.node.args)
        if (index > 0 if arg.keyword is None else arg.keyword.value != login.name if login else True)
        for ref in secrets.literals(client.module, arg.value)
    ]
    return sorted(found, key=lambda ref: (str(ref.module.path), ref.module.span(ref.node)))
