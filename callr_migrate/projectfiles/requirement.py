"""One requirement as it is written, and the target client in the same style."""

from __future__ import annotations

import re

from callr_migrate.pack.model import Target
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

_WRITTEN = regex(
    r"""
    (?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
    (?:\s*\[[^\]]*\])?
    (?P<gap>\s*)
    (?P<spec>(?:\(\s*)?(?:(?:===|[=~!<>]=|[<>])[^;@\#()]*)?\)?)
    (?P<url>@\s*\S+)?
    (?P<marker>\s*;.*)?
    """,
    re.VERBOSE,
)
_CLAUSE = regex(r"(?P<op>===|==|~=|!=|<=|>=|<|>|\^|~|=|)(?P<gap>\s*)(?P<version>[\w.*+!-]+)")


@dataclass(frozen=True)
class Requirement:
    """A requirement of PEP 508. `name` is in its normal form, `spec` as written, `marker` with its semicolon."""

    name: str
    gap: str
    spec: str
    marker: str

    @classmethod
    def of(cls, text: str) -> Requirement | None:
        """Read one; None for what is none."""
        from packaging.requirements import InvalidRequirement
        from packaging.requirements import Requirement as Parsed

        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            return None
        try:
            Parsed(text.strip())
        except InvalidRequirement:
            return None
        spec = match["spec"].rstrip()
        marker = match["spec"][len(spec) :] + (match["marker"] or "")
        return cls(normal(match["name"]), match["gap"] if spec else "", spec, marker.rstrip())

    def replaced(self, target: Target) -> str:
        """The target in place of it, pinned as this one is, under the same condition."""
        return f"{target.distribution}{self.gap}{pinned(self.spec, target)}{self.marker}"


def normal(name: str) -> str:
    """The name of a distribution as the index knows it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(spec: str, target: Target) -> str:
    """The versions of the target, in the style in which those of another distribution are written.

    An exact pin stays one, a range stays a range, and no pin stays none.
    """
    opening, closing = ("(", ")") if spec.startswith("(") else ("", "")
    inner = spec[1:-1] if opening else spec
    if inner.strip() in ("", "*"):
        return spec
    clauses = [_CLAUSE.fullmatch(part.strip()) for part in inner.split(",") if part.strip()]
    known = [clause for clause in clauses if clause is not None]
    if len(known) != len(clauses):
        return f"{opening}>={target.minimum}{closing}"
    separator = ", " if ", " in inner else ","
    if len(known) == 1:
        return opening + _one(known[0], target) + closing
    lower = next((clause for clause in known if clause["op"] in (">=", ">", "==", "~=")), None)
    gap = lower["gap"] if lower is not None else ""
    parts = [f">={gap}{target.minimum}"]
    if any(clause["op"] in ("<", "<=") for clause in known):
        parts.append(f"<{gap}{int(target.version.split('.')[0]) + 1}")
    return opening + separator.join(parts) + closing


def _one(clause: re.Match[str], target: Target) -> str:
    op, gap, version = clause["op"], clause["gap"], clause["version"]
    if op in ("==", "===", "=", "") and "*" not in version:
        shown = target.version if op != "=" else _cut(target.version, version)
        return f"{op}{gap}{shown}"
    if op in ("==", "=", ""):
        return f"{op}{gap}{_cut(target.version, version.rstrip('*').rstrip('.') or '0')}.*"
    if op in ("~=", "~", "^"):
        return f"{op}{gap}{_cut(target.version, version, least=2)}"
    return f">={gap}{target.minimum}"


def _cut(version: str, like: str, least: int = 1) -> str:
    """A version with as many parts as another one has."""
    count = max(least, like.count(".") + 1)
    return ".".join(version.split(".")[:count])
