"""`callr-migrate pr`: the rewrite as a branch, and as a pull request."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callr_migrate.cli.analysis import listed
from callr_migrate.cli.cache import cache_dir_option, cache_folder, no_cache_option
from callr_migrate.cli.console import CommandError, print_error, print_note, write_text
from callr_migrate.cli.progress import ProgressBar

if TYPE_CHECKING:
    from callr_migrate.config import Settings
    from callr_migrate.pipeline import Outcome
    from callr_migrate.pullrequest.body import Checked
    from callr_migrate.pullrequest.preparing import Prepared

_EXTRA = "pr"
_SECRET = re.compile(r"PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|CREDENTIAL", re.IGNORECASE)
_ASSIGNED = re.compile(r"(\b\w*(?:PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|CREDENTIAL)\w*=)\S+", re.IGNORECASE)
_SHORT = 6  # characters of what would be found in words of every day
_NAMES: dict[str, Any] = {"multiple": True, "callback": listed}


@click.command("pr", short_help="Offer the rewrite as a pull request.")
@click.argument("path", default=".", type=click.Path(path_type=Path, exists=True))
@click.option("--branch", default="callr-rest-v2", show_default=True, metavar="NAME", help="Branch to make.")
@click.option(
    "--base", metavar="NAME", help="Branch that the pull request is for; by default the one you are on."
)
@click.option(
    "--commits",
    type=click.Choice(["one", "family", "file"]),
    default="family",
    show_default=True,
    help="One commit in all, one a family of changes, or one a file.",
)
@click.option("--push", is_flag=True, help="Push the branch.")
@click.option(
    "--open", "open_", is_flag=True, help="Push it, and open a pull request, or update the open one."
)
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--label", "labels", metavar="NAMES", help="Add labels.", **_NAMES)
@click.option(
    "--reviewer",
    "reviewers",
    metavar="NAMES",
    help="Ask people, or teams as org/team, for a review.",
    **_NAMES,
)
@click.option("--dry-run", is_flag=True, help="Show all of it; change nothing and ask nobody.")
@click.option(
    "--verify",
    metavar="COMMAND",
    help="Run this before and after against a local double of the service, and tell the result.",
)
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes",
    default=True,
    show_default=True,
    help="Include the fixes that are to be looked at; a pull request is there for that.",
)
@click.option("--no-hooks", is_flag=True, help="Commit and push without the repository's hooks.")
@click.option("--replace", is_flag=True, help="Replace the branch even if others have worked on it.")
@click.option("--remote", default="origin", show_default=True, metavar="NAME", help="Remote to push to.")
@click.option(
    "--host", type=click.Choice(["github", "gitlab"]), help="What the remote is, if its name does not tell."
)
@click.option("--api-url", metavar="URL", help="The host's REST API, if it is not where it usually is.")
@click.option("--select", metavar="CODES", help="Codes to change, or their beginnings.", **_NAMES)
@click.option("--ignore", metavar="CODES", help="Codes to leave as they are.", **_NAMES)
@click.option("--extend-exclude", metavar="GLOBS", help="Leave these files out as well.", **_NAMES)
@click.option("--rules", multiple=True, metavar="DIR", help="Lay a folder of rules over the shipped ones.")
@click.option("--target", metavar="NAME", help="HTTP client of the rewritten code.")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Read the settings from this file."
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell.",
)
@click.option("--quiet", "-q", is_flag=True, help="Errors only, and the address of the pull request.")
@click.option("--no-progress", is_flag=True, help="No progress bar.")
@cache_dir_option
@no_cache_option
def command(path: Path, *, verify: str | None, output_format: str, quiet: bool, **options: Any) -> int:
    """Make a branch with the rewrite of PATH in reviewable commits, from a clean checkout that is not touched.

    With --open it is pushed and a pull request (GitLab: merge request) opened or updated. The token comes from
    GH_TOKEN, GITHUB_TOKEN or GITLAB_TOKEN, or from gh or glab.

    Exit codes: 0 done, or nothing to do; 1 --verify has shown a difference; 2 it could not be done.
    """
    from callr_migrate.pullrequest.git import GitError

    if (options["draft"] or options["labels"] or options["reviewers"]) and not options["open_"]:
        raise click.UsageError("--draft, --label and --reviewer are for --open")
    narrowed = [options[name] for name in ("select", "ignore", "extend_exclude", "config")]
    if verify is not None and (not options["unsafe_fixes"] or any(narrowed) or path != Path()):
        raise click.UsageError(
            "--verify runs the whole rewrite, so it excludes PATH, --no-unsafe-fixes, --config and what leaves out code"
        )
    try:
        return _run(path, verify, output_format, quiet, options)
    except GitError as error:
        raise CommandError(str(error)) from None


def _run(path: Path, verify: str | None, output_format: str, quiet: bool, options: dict[str, Any]) -> int:
    from callr_migrate.pullrequest.preparing import prepare
    from callr_migrate.pullrequest.proposing import Rewrite, plan, propose
    from callr_migrate.pullrequest.telling import Told, as_json, as_text

    prepared = prepare(_wish(path, options))
    if options["open_"] and not options["dry_run"]:
        _need_extra()
    settings, outcome = _analysed(path, prepared, quiet, options)
    target = outcome.pack.targets[settings.target or outcome.pack.default_target]
    checked = (
        _checked(verify, prepared, settings, options) if verify is not None and outcome.changed else None
    )
    rewrite = Rewrite(outcome.report, outcome.sources, outcome.changed, outcome.pack, target, checked)
    told = Told(prepared, rewrite)
    if outcome.changed and options["dry_run"]:
        told.plan = plan(prepared, rewrite)
    elif outcome.changed:
        told.done = propose(prepared, rewrite)
    write_text(as_json(told) if output_format == "json" else as_text(told, quiet=quiet))
    return _exit_code(told.done.problem if told.done else None, outcome, checked)


def _need_extra() -> None:
    """Raise `CommandError` before the work if what opens pull requests is not installed."""
    try:
        import callr_migrate.pullrequest.hosts  # noqa: F401
    except ImportError as error:
        raise CommandError(
            f"--open needs the package {error.name!r}: pip install 'callr-migrate[{_EXTRA}]'"
        ) from None


def _exit_code(problem: str | None, outcome: Outcome, checked: Checked | None) -> int:
    from callr_migrate.cli.analysis import print_errors

    print_errors(outcome.report)
    if problem is not None:
        print_error(problem)
    if outcome.report.errors or problem is not None:
        return 2
    return 0 if checked is None or checked.equal else 1


def _wish(path: Path, options: dict[str, Any]) -> Any:
    import sys
    from datetime import date, datetime, timezone

    from callr_migrate.pullrequest.families import Split
    from callr_migrate.pullrequest.preparing import Wish

    # https://reproducible-builds.org/specs/source-date-epoch/
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    today = datetime.fromtimestamp(int(epoch), timezone.utc).date() if epoch.isdecimal() else date.today()
    return Wish(
        path=path.absolute(),
        today=today,
        branch=options["branch"],
        base=options["base"],
        remote=options["remote"],
        kind=options["host"],
        api=options["api_url"],
        split=Split(options["commits"]),
        push=options["push"] or options["open_"],
        open=options["open_"],
        draft=options["draft"],
        labels=tuple(options["labels"] or ()),
        reviewers=tuple(options["reviewers"] or ()),
        hooks=not options["no_hooks"],
        replace=options["replace"],
        asks=sys.stdin is not None and sys.stdin.isatty(),
        dry=options["dry_run"],
    )


def _analysed(
    path: Path, prepared: Prepared, quiet: bool, options: dict[str, Any]
) -> tuple[Settings, Outcome]:
    """What the fixes would change; nothing is written."""
    from callr_migrate.config import load_settings
    from callr_migrate.pipeline import Request, run
    from callr_migrate.settings_tree import SettingsTree

    overrides = {name: options[name] for name in ("select", "ignore", "extend_exclude", "target")}
    overrides["rules"] = list(options["rules"]) or None
    settings = load_settings(path, options["config"], overrides)
    with ProgressBar(wanted=not (options["no_progress"] or quiet)) as progress:
        outcome = run(
            Request(
                paths=(path,),
                settings=settings,
                unsafe=options["unsafe_fixes"],
                diff=True,
                on_progress=progress,
                cache=cache_folder(options["cache_dir"], no_cache=options["no_cache"]),
                tree=SettingsTree(settings, overrides, is_fixed=options["config"] is not None),
            )
        )
    for note in [] if quiet else outcome.report.notes:
        print_note(f"note: {note}")
    return settings, outcome


def _checked(command_line: str, prepared: Prepared, settings: Settings, options: dict[str, Any]) -> Checked:
    """Run the program before and after; raises `CommandError`."""
    from callr_migrate.cli.twin import explained, setup
    from callr_migrate.pullrequest.body import Checked

    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise CommandError(f"--verify: {str(error).lower()}") from None
    with explained():
        from callr_migrate.twin.comparing import Wish, compare, report, verdict

        begin = setup(openapi=None, seed=0, faults=None, clock=None, credentials=(), rules=options["rules"])
        top = prepared.checkout.top
        cwd = Path.cwd()
        comparison = compare(
            begin,
            Wish(
                tuple(words),
                cwd if cwd.resolve().is_relative_to(top.resolve()) else top,
                top,
                settings.target,
                options["rules"],
            ),
        )
    if not comparison.before.notes.loaded:
        raise CommandError(
            f"--verify: {command_line} ran no Python that imports sitecustomize, so it shows nothing"
        )
    name = begin.contract.title
    return Checked(
        _ASSIGNED.sub(r"\1***", command_line),
        verdict(comparison, name),
        _without_secrets(report(comparison, name)),
        comparison.judgement.equal,
    )


def _without_secrets(text: str) -> str:
    """What a program printed, without what the environment calls a secret."""
    from callr_migrate.pullrequest.git import hidden

    named = [value for name, value in os.environ.items() if _SECRET.search(name) and len(value) >= _SHORT]
    return hidden(text, sorted(named, key=len, reverse=True))
