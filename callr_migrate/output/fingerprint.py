"""A name for each finding that stays the same while lines move."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from callr_migrate.digests import sha256
from callr_migrate.output.excerpt import masked, secrets_by_file
from callr_migrate.output.text import shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from callr_migrate.findings import Finding
    from callr_migrate.source import SourceFile


def fingerprints(findings: Sequence[Finding], sources: Mapping[Path, SourceFile]) -> list[str]:
    """Return a hash for each of the findings, which are sorted by place.

    It names path, code, method, the text of the place whatever its white space, and, where all of that is there
    several times, which of them it is.
    """
    secrets = secrets_by_file(findings)
    seen: Counter[tuple[str, ...]] = Counter()
    marks: list[str] = []
    for finding in findings:
        source = sources.get(finding.path)
        # A hash of a short secret could be tried out, so it must not go in.
        text = masked(source, finding.start, finding.end, secrets[finding.path]) if source else ""
        key = (shown_path(finding.path), finding.code, finding.method or "", " ".join(text.split()))
        seen[key] += 1
        content = "\0".join((*key, str(seen[key])))
        marks.append(sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return marks
