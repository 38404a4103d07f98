"""What `check --attest` says: that nothing is left, or what is."""

from __future__ import annotations

from callr_migrate import __version__
from callr_migrate.findings import Report
from callr_migrate.output.text import plural

# Findings about the comments that suppress others: no legacy use.
_ABOUT_COMMENTS = "CLR0"

_ASSUMPTIONS = """\
Assumed: nothing runs code from texts (exec, eval), no attribute is named by a computed text (getattr, setattr), and
nothing outside of these files (other languages, generated code, installed packages) uses the legacy API."""


def left(report: Report) -> list[str]:
    """What stands against an attestation, counted; nothing if nothing is left."""
    findings = sum(not finding.code.startswith(_ABOUT_COMMENTS) for finding in report.findings)
    return [
        words
        for count, words in (
            (findings, plural(findings, "finding")),
            (report.suppressed, f"{report.suppressed} suppressed"),
            (report.baselined, f"{report.baselined} in the baseline"),
            (report.unselected, f"{report.unselected} not selected"),
            (len(report.unseen), f"{plural(len(report.unseen), 'place')} not seen"),
        )
        if count
    ]


def is_attested(report: Report) -> bool:
    """Whether all was looked at, and nothing is left."""
    return report.files > 0 and not report.errors and not left(report)


def attestation(report: Report) -> list[str]:
    """The lines of an attestation, or the one that says why there is none."""
    against = left(report)
    if against:
        return [f"Not attested: {', '.join(against)}."]
    if report.errors:
        return ["Not attested: not all could be looked at."]
    if not report.files:
        return ["Not attested: no file was looked at."]
    return [
        f"Attested by callr-migrate {__version__}: no legacy use in {plural(report.files, 'file')}.",
        f"sha256 of what was looked at: {report.digest}",
        *_ASSUMPTIONS.splitlines(),
    ]
