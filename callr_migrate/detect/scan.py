"""Legacy calls in a file that does not parse, told from its strings and the words around them.

What is found stands in code, not in a comment, and names a method of the pack, or calls what the file itself makes as
a legacy client. Nothing is followed, so a call that goes through another file is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from callr_migrate.lexing import Lexed, Span
from callr_migrate.pack.model import RulePack, Surface
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

_VERB = regex(r"(?:\.|\b)(get|post|put|patch|delete)\s*\(\s*(?:url\s*=\s*)?$", re.IGNORECASE)
_ASSIGNED = r"([A-Za-z_]\w*)\s*=\s*(?:[\w.]+\.)?(?:{classes})\s*\("
_CONSTANT = regex(r"(?m)^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(?=[uUrRbB]{0,2}['\"])")
_RECEIVER = regex(r"([A-Za-z_]\w*)\s*\Z")
_WORD = regex(r"[A-Za-z_]\w*")
_PATH = regex(r"(?:/[\w.%{}()+-]*)*")


@dataclass(frozen=True)
class ScannedCall:
    """A place that looks like a legacy call. `methods`: the names it may have, empty where they are computed."""

    span: Span
    methods: tuple[str, ...]
    surface: str | None


def scan(pack: RulePack, lexed: Lexed) -> list[ScannedCall]:
    """The legacy calls of a text, in order, each place once."""
    found: dict[int, ScannedCall] = {}
    for call in _Scan(pack, lexed).calls():
        found.setdefault(call.span[0], call)
    return [found[start] for start in sorted(found)]


def word_before(code: str, end: int) -> str | None:
    """The name that ends there, blanks aside."""
    # A pattern that is searched up to there begins at the start of the file, for each call anew.
    start = end
    while start and code[start - 1].isspace():
        start -= 1
    while start and (code[start - 1].isalnum() or code[start - 1] == "_"):
        start -= 1
    match = _RECEIVER.search(code, start, end)
    return match[1] if match is not None else None


def imported_surfaces(pack: RulePack, code: str) -> list[Surface]:
    """The client libraries that a text imports."""
    return [
        surface
        for surface in pack.surfaces.values()
        if surface.module
        and re.search(
            rf"(?m)^[ \t]*(?:import|from)[ \t]+(?:[\w., ]+,[ \t]*)?{re.escape(surface.module)}\b", code
        )
    ]


class _Scan:
    def __init__(self, pack: RulePack, lexed: Lexed) -> None:
        self.pack = pack
        self.lexed = lexed
        self.text = lexed.text
        self.code = lexed.code
        self.imported = imported_surfaces(pack, self.code)
        self.arguments: set[int] = set()  # where the method's argument of a call of a client starts

    def calls(self) -> Iterator[ScannedCall]:
        """Each surface on its own."""
        yield from self._named()
        yield from self._facades()
        for surface in self.pack.surfaces.values():
            if surface.payload is not None and surface.payload.version in self.text:
                yield from self._payloads(surface)
            if surface.routes:
                yield from self._routes(surface)

    # Calls of a client by the method's name

    def _named(self) -> Iterator[ScannedCall]:
        names = sorted({name for surface in self.pack.surfaces.values() for name in surface.calls})
        for match in re.finditer(rf"\.\s*({'|'.join(map(re.escape, names))})\s*\(", self.code):
            methods = self._first_argument(match[1], match.end())
            receiver = word_before(self.code, match.start())
            known = any(method in self.pack.methods for method in methods or ())
            legacy = receiver in self._clients
            if known or (legacy and (methods is None or _is_dotted(methods))):
                yield ScannedCall(
                    (self._start(match.start()), match.end()), methods or (), self._surface(match[1])
                )

    def _first_argument(self, name: str, offset: int) -> tuple[str, ...] | None:
        """The method that a call names: as a literal, or as a constant of the file; None if it is computed."""
        shapes = [surface.calls[name] for surface in self.pack.surfaces.values() if name in surface.calls]
        offset = self.lexed.skip(offset)
        self.arguments.add(offset)
        for shape in shapes:
            keyword = re.compile(rf"{re.escape(shape.method)}\s*=(?!=)\s*").match(self.code, offset)
            if keyword is not None:
                offset = keyword.end()
                break
        literal = self.lexed.literal(offset)
        if literal is not None:
            return (literal[0],) if self._ends(literal[1]) else None
        word = _WORD.match(self.code, offset)
        if word is not None and self._ends(word.end()):
            values = self._constants.get(word[0])
            return tuple(sorted(values)) if values else None
        return None

    def _ends(self, offset: int) -> bool:
        return self.code[self.lexed.skip(offset) :][:1] in (",", ")")

    @cached_property
    def _constants(self) -> dict[str, set[str]]:
        """What names are given as literals, by themselves on a line."""
        found: dict[str, set[str]] = {}
        for match in _CONSTANT.finditer(self.code):
            literal = self.lexed.literal(match.end())
            if literal is not None:
                found.setdefault(match[1], set()).add(literal[0])
        return found

    @cached_property
    def _clients(self) -> set[str]:
        """The names that a legacy client is assigned to."""
        classes = {name.rpartition(".")[2] for surface in self.imported for name in surface.clients}
        if not classes:
            return set()
        pattern = _ASSIGNED.format(classes="|".join(map(re.escape, sorted(classes))))
        return {match[1] for match in re.finditer(pattern, self.code)}

    def _surface(self, name: str) -> str | None:
        """The library whose client is called, if it can only be one."""
        candidates = [surface.surface for surface in self.imported if name in surface.calls]
        return candidates[0] if len(candidates) == 1 else None

    def _start(self, dot: int) -> int:
        """Where the expression before a dot starts, as far as it is a chain of names."""
        match = re.compile(r"(?:[A-Za-z_]\w*\s*\.\s*)*[A-Za-z_]\w*\s*\Z").search(
            self.code, max(0, self.code.rfind("\n", 0, dot)), dot
        )
        return match.start() if match else dot

    # Calls of a client by attributes

    def _facades(self) -> Iterator[ScannedCall]:
        for surface in self.imported:
            if not surface.facade:
                continue
            names = "|".join(
                r"\s*\.\s*".join(map(re.escape, name.split(".")))
                for name in sorted(surface.facade, reverse=True)
            )
            for match in re.finditer(rf"\.\s*({names})\s*\(", self.code):
                method = surface.facade[re.sub(r"\s", "", match[1])].method
                yield ScannedCall((self._start(match.start()), match.end()), (method,), surface.surface)

    # Posts of one's own

    def _payloads(self, surface: Surface) -> Iterator[ScannedCall]:
        assert surface.payload is not None
        key = re.escape(surface.payload.method)
        pattern = rf"[\\]?['\"]{key}[\\]?['\"]\s*[:,]\s*(?=\\?[uU]?['\"])|\b{key}\s*=\s*(?=[uU]?['\"])"
        for match in re.finditer(pattern, self.text):
            if match.start() in self.arguments or self.lexed.in_comment(match.start()):
                continue
            value = re.compile(r"\\?[uU]?['\"]([\w/-]+(?:[./][\w/-]+)*)\\?['\"]").match(
                self.text, match.end()
            )
            if value is not None and value[1] in self.pack.methods:
                yield ScannedCall((match.start(), value.end()), (value[1],), surface.surface)

    def _routes(self, surface: Surface) -> Iterator[ScannedCall]:
        for address in surface.addresses:
            for match in re.finditer(re.escape(address), self.text):
                held = self.lexed.holder(match.start())
                if held is None or self.text[held[0]] == "#":
                    continue
                path = _PATH.match(self.text, match.end())
                verb = _VERB.search(self.code, max(0, held[0] - 60), held[0])
                methods = _routed(surface, path[0] if path else "", verb[1].upper() if verb else None)
                if methods:
                    yield ScannedCall(held, methods, surface.surface)


def _routed(surface: Surface, path: str, verb: str | None) -> tuple[str, ...]:
    """The methods of the routes that a path may be; all of them where the verb is not told."""
    steps = path.strip("/").split("/")
    found: dict[int, set[str]] = {}
    for route in surface.routes:
        wanted = route.path.strip("/").split("/")
        exact = sum(step == want for step, want in zip(steps, wanted, strict=False))
        fits = len(steps) == len(wanted) and all(
            want.startswith("{") or step == want for step, want in zip(steps, wanted, strict=True)
        )
        if fits and (verb is None or route.verb == verb):
            found.setdefault(exact, set()).add(route.method)
    # The route with the most words of its own, as a server chooses.
    return tuple(sorted(found[max(found)])) if found else ()


def _is_dotted(methods: tuple[str, ...]) -> bool:
    return all(re.fullmatch(r"[\w/-]+\.\w+", method) for method in methods)
