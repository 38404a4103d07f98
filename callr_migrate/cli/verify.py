"""`callr-migrate rules verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callr_migrate.cli.console import CommandError, write_text
from callr_migrate.cli.packs import rules_option

if TYPE_CHECKING:
    from callr_migrate.pack.openapi import Document
    from callr_migrate.pack.verify import Comparison

_EXTRA = "verify"


@click.command("verify", short_help="Hold the rules against an OpenAPI document.")
@click.option(
    "--openapi",
    "openapi",
    required=True,
    metavar="FILE",
    help="OpenAPI 3.0 or 3.1, JSON or YAML, in one file; nothing is fetched.",
)
@click.option("--write", is_flag=True, help="Keep what it confirms, for check and fix to take as verified.")
@rules_option
def command(openapi: str, write: bool, rules: tuple[str, ...]) -> int:
    """Hold every verb, path, parameter, value and field of the rules against the vendor's OpenAPI document.

    Exit codes: 0 nothing contradicted, 1 the document contradicts a rule, 2 it cannot be read.
    """
    from callr_migrate.config import load_settings
    from callr_migrate.output.comparison import comparison_report
    from callr_migrate.pack import load_pack
    from callr_migrate.pack.plain import DocumentError
    from callr_migrate.pack.verify import compare

    settings = load_settings(Path(), overrides={"rules": list(rules) or None})
    pack = load_pack(settings.rules)
    if "://" in openapi:
        raise CommandError(f"{openapi}: nothing is fetched; download the document and name the file")
    try:
        document = _read(Path(openapi), pack.service.base_url.value)
        if write and document.own:
            raise DocumentError(
                "is this project's own knowledge of the API (it has x-evidence marks), not the vendor's document: "
                "it cannot verify the rules that it was written with"
            )
        comparison = compare(pack, document)
    except DocumentError as error:
        raise CommandError(f"{openapi}: {error}") from None
    except RecursionError:
        raise CommandError(f"{openapi}: is nested too deeply") from None
    text = comparison_report(document, Path(openapi).name, comparison)
    if write:
        text += _write(settings.root, document, comparison)
    write_text(text)
    return 0 if comparison.agrees else 1


def _read(path: Path, base_url: str) -> Document:
    from callr_migrate.pack.openapi import read_document

    try:
        return read_document(path, base_url)
    except ImportError as error:
        raise CommandError(
            f"reading OpenAPI documents needs the package {error.name!r}: pip install 'callr-migrate[{_EXTRA}]'"
        ) from None


def _write(root: Path, document: Document, comparison: Comparison) -> str:
    from callr_migrate.output.text import plural, shown_path
    from callr_migrate.pack.verified import FILE_NAME, Confirmed, VerifiedDocument, today, write_verified

    if not comparison.confirmed:
        return f"Nothing is confirmed, so {FILE_NAME} is left as it is.\n"
    about = VerifiedDocument(document.title, document.version, document.sha256)
    try:
        path = write_verified(root, Confirmed(about, today(), comparison.confirmed))
    except OSError as error:
        raise CommandError(
            f"{shown_path(root / FILE_NAME)}: cannot be written: {(error.strerror or str(error)).lower()}"
        ) from None
    return f"{plural(len(comparison.confirmed), 'fact')} kept in {shown_path(path)}; commit it.\n"
