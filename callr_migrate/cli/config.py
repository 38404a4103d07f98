"""`callr-migrate config`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callr_migrate.cli.console import write_text

if TYPE_CHECKING:
    from callr_migrate.config import Settings

_DEFAULT = "default"


@click.command("config", short_help="Print the settings that hold for a file.")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Read the settings from this file."
)
@click.option(
    "--output-format",
    type=click.Choice(["toml", "json"]),
    default="toml",
    show_default=True,
    help="How to print; json is for programs.",
)
def command(path: Path | None, config: Path | None, output_format: str) -> int:
    """Print the settings that hold for PATH, a file or folder (default: the working directory), each with its origin."""
    from callr_migrate.config import load_settings
    from callr_migrate.output.text import shown_path

    path = path or Path()
    settings = load_settings(path, config)
    found = {
        "path": shown_path(path),
        "root": shown_path(settings.root),
        "config": None if settings.config is None else shown_path(settings.config),
        "settings": {
            key: {"value": value, "origin": settings.origins.get(key.replace("-", "_"), _DEFAULT)}
            for key, value in _values(settings).items()
        },
    }
    if output_format == "json":
        write_text(json.dumps(found, indent=2) + "\n")
    else:
        write_text(_toml(found))
    return 0


def _values(settings: Settings) -> dict[str, Any]:
    """Each key as it would stand in a file; None for one that is not settled."""
    from callr_migrate.output.text import shown_path
    from callr_migrate.pack import load_pack

    return {
        "target": settings.target or load_pack(settings.rules).default_target,
        "target-version": ".".join(map(str, settings.target_version)),
        "line-length": settings.line_length,
        "select": list(settings.select) or ["ALL"],
        "ignore": list(settings.ignore),
        "per-file-ignores": {glob: list(codes) for glob, codes in settings.per_file_ignores},
        "exclude": list(settings.exclude),
        "extend-exclude": list(settings.extend_exclude),
        "rules": [shown_path(folder) for folder in settings.rules],
        "wrappers": list(settings.wrappers),
        "auth": settings.auth,
        "accept-dropped": list(settings.accept_dropped),
        "jobs": settings.jobs,
        "choices": settings.choices,
        "effort": settings.effort,
    }


def _toml(found: dict[str, Any]) -> str:
    """As a `callr-migrate.toml` could say it, with the origins as comments."""
    lines = [f"# for {found['path']}; globs are relative to {found['root']}"]
    for key, entry in found["settings"].items():
        value, origin = entry["value"], entry["origin"]
        lines.append(
            f"# {key} is not settled" if value is None else f"{key} = {_toml_value(value)}  # {origin}"
        )
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    # What JSON writes as a text or a number, TOML reads as the same.
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, dict):
        inner = ", ".join(
            f"{json.dumps(key, ensure_ascii=False)} = {_toml_value(item)}" for key, item in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(value, ensure_ascii=False)
