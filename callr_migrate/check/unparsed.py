"""Files, and parts of notebooks, that are not parsed: what legacy code seems to stand in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from callr_migrate.check.scanned import Obstacle, call_findings, syntax_obstacle
from callr_migrate.detect.scan import ScannedCall, scan
from callr_migrate.embedded import EmbeddedSource
from callr_migrate.evaluate.nesting import Burden, burden
from callr_migrate.evaluate.python2 import is_python_2
from callr_migrate.findings import Finding, Unseen
from callr_migrate.lexing import Lexed
from callr_migrate.pack.model import RulePack
from callr_migrate.patterns import regex
from callr_migrate.secret_text import in_text
from callr_migrate.source import SourceFile

# Characters. Larger files are generated ones; parsing them would take minutes and gigabytes.
MAX_FILE_SIZE = 4_000_000
_MAX_LINES_NAMED = 10
# From this Python on `except A, b:` is no longer Python 2.
_BARE_EXCEPT = (3, 14)
SIMPLIFY = "Split the file, or change these lines by hand."


def obstacle(source: SourceFile, oldest: tuple[int, int]) -> Obstacle | None:
    """What stands against parsing a file that is for Python versions from `oldest` on."""
    heavy = burden(source.text) if len(source.text) <= MAX_FILE_SIZE else Burden.TOO_LARGE
    if heavy is Burden.TOO_LARGE:
        size = len(source.text) / 1_000_000
        return Obstacle("CLR902", f"is too large to be analysed ({size:.1f} MB)", SIMPLIFY)
    if heavy is Burden.TOO_DEEP:
        return Obstacle("CLR901", "has an expression that nests too deeply to be parsed", SIMPLIFY)
    if oldest < _BARE_EXCEPT and is_python_2(source.text):
        return syntax_obstacle(Lexed.of(source.text), source, None, None)
    return None


class Unparsed:
    """Searches texts by what legacy code looks like, its `markers`."""

    def __init__(self, pack: RulePack, passes: Callable[[bytes], bool] | None) -> None:
        """`passes` tells whether a file's bytes may hold legacy code."""
        self.pack = pack
        self.passes = passes
        self.markers = _marker_pattern(pack)

    def findings(self, source: SourceFile, obstacle: Obstacle) -> tuple[list[Finding], list[Unseen]]:
        """Where legacy code seems to stand, and each call; if nothing looks like it, the file is unseen at most."""
        lexed = Lexed.of(source.text)
        calls = scan(self.pack, lexed)
        places = [
            match.span()
            for match in self.markers.finditer(source.text)
            if lexed.holder(match.start()) is None
        ]
        lines = sorted(
            {source.position(start).line for start, _ in [*places, *(call.span for call in calls)]}
        )
        if not lines:
            if self.passes is not None and self.passes(source.raw):
                return [], [Unseen(source.path, 1, f"the file {obstacle.what}")]
            return [], []
        named = ", ".join(map(str, lines[:_MAX_LINES_NAMED])) + (
            ", ..." if len(lines) > _MAX_LINES_NAMED else ""
        )
        start, end = min([*places, *(call.span for call in calls)])
        found = [
            Finding(
                obstacle.code,
                f"the file {obstacle.what}; legacy code seems to stand in "
                f"line{'' if len(lines) == 1 else 's'} {named}",
                source.path,
                start,
                end,
                reason=obstacle.reason,
                help=obstacle.help,
            ),
            *call_findings(self.pack, source, calls, obstacle),
        ]
        return _hiding(found, source), [Unseen(source.path, lines[0], f"the file {obstacle.what}")]

    def hidden(self, source: SourceFile) -> list[Finding]:
        """The legacy calls in what is hidden from the parser inside of a notebook or page: magics, broken cells."""
        if not isinstance(source, EmbeddedSource):
            return []
        found: list[Finding] = []
        for offset, text, why in source.hidden():
            lexed = Lexed.of(text)
            calls = [
                ScannedCall((offset + call.span[0], offset + call.span[1]), call.methods, call.surface)
                for call in scan(self.pack, lexed)
            ]
            cell = source.cell(offset)
            where = f" (cell {cell[0]})" if cell is not None else ""
            broken = why == "does not parse"
            what = f"has code that {why}{where}" if broken else f"has it in {why}{where}"
            found += call_findings(self.pack, source, calls, Obstacle("CLR901", what, ""))
            if broken and cell is not None:
                found += self._broken_cell(source, cell[0], offset, lexed, calls)
        return _hiding(found, source)

    def _broken_cell(
        self, source: SourceFile, number: int, offset: int, lexed: Lexed, calls: list[ScannedCall]
    ) -> list[Finding]:
        """What to do first about a cell with legacy code."""
        places = [
            (offset + match.start(), offset + match.end())
            for match in self.markers.finditer(lexed.text)
            if lexed.holder(match.start()) is None
        ]
        places += [call.span for call in calls]
        if not places:
            return []
        own = SourceFile(source.path, b"", lexed.text, "utf-8", b"")
        return [
            Finding(
                "CLR901",
                f"cell {number} does not parse as Python 3, and holds legacy code",
                source.path,
                *min(places),
                help=syntax_obstacle(lexed, own, 1, None).help,
            )
        ]


def _hiding(findings: list[Finding], source: SourceFile) -> list[Finding]:
    """Findings of a text that is no module, with the places in it that may be credentials."""
    hidden = in_text(Lexed.of(source.unmasked)) if findings else ()
    return [replace(finding, secrets=hidden) for finding in findings]


def _marker_pattern(pack: RulePack) -> re.Pattern[str]:
    """What legacy code looks like as text: a surface's module imported, or a known method called by its name."""
    modules = "|".join(re.escape(surface.module) for surface in pack.surfaces.values() if surface.module)
    names = "|".join(
        sorted({re.escape(name) for surface in pack.surfaces.values() for name in surface.calls})
    )
    return regex(
        rf"^[ \t]*(?:import|from)[ \t]+(?:{modules})\b|\.(?:{names})\(\s*(?:method\s*=\s*)?[uUrRbB]{{0,2}}['\"][\w/-]+[./]\w",
        re.MULTILINE,
    )
