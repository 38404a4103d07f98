"""The facts of a pack that tell from a file's bytes whether it can matter: all that a run over clean files needs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callr_migrate.pack.model import RulePack


# The file with what is verified of a project (`verified`).
VERIFIED = "callr-migrate.verified.yaml"


class GateFacts(NamedTuple):
    """Texts without line breaks and NULs, each list sorted."""

    literals: tuple[str, ...]  # of all surfaces
    clients: tuple[str, ...]  # of those that are libraries
    addresses: tuple[str, ...]  # of the service
    calls: tuple[str, ...]  # names of the clients' methods that perform requests
    methods: tuple[str, ...]
    around: tuple[str, ...]  # what names a library or an address in a file that is no code, in lower case


def gate_facts(pack: RulePack) -> GateFacts:
    """Those of a pack."""
    surfaces = pack.surfaces.values()
    around = {name for each in surfaces for name in (each.module, each.distribution) if name}
    around |= {address for each in surfaces for address in each.addresses}
    return GateFacts(
        # What receives webhooks may hold nothing else of the service's.
        _sorted([literal for each in surfaces for literal in each.gates] + _received(pack)),
        _sorted(literal for each in surfaces if each.clients for literal in each.gates),
        _sorted(address for each in surfaces for address in each.addresses),
        _sorted(name for each in surfaces for name in each.calls),
        _sorted(pack.methods),
        _shortest(name.lower() for name in around),
    )


def _received(pack: RulePack) -> list[str]:
    return pack.webhooks.gates if pack.webhooks is not None else []


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _shortest(texts: Iterable[str]) -> tuple[str, ...]:
    """What holds another one needs no search of its own."""
    known = set(texts)
    return tuple(sorted(text for text in known if not any(other in text for other in known if other != text)))


def dumped(facts: GateFacts) -> bytes:
    """As bytes."""
    return "\n".join("\0".join(texts) for texts in facts).encode("utf-8", "surrogatepass")


def loaded(raw: bytes) -> GateFacts:
    """What `dumped` gave; raises `ValueError`, `TypeError` for anything else."""
    lines = raw.decode("utf-8", "surrogatepass").split("\n")
    return GateFacts(*(tuple(line.split("\0")) if line else () for line in lines))
