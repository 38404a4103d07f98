"""What `check` and `fix` share: their options, the run, and what is printed of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from callr_migrate.cli.cache import cache_dir_option, cache_folder, no_cache_option
from callr_migrate.cli.console import (
    CommandError,
    print_error,
    print_note,
    wants_color,
    wants_links,
    write_bytes,
    write_text,
)
from callr_migrate.cli.inputs import asked_paths, read_standard_input
from callr_migrate.cli.progress import ProgressBar
from callr_migrate.output import FORMATS, MACHINE_FORMATS, pieces
from callr_migrate.stages import stage, staged

if TYPE_CHECKING:
    from callr_migrate.config import Settings
    from callr_migrate.findings import Report
    from callr_migrate.pipeline import Outcome

Command = TypeVar("Command", bound=Callable[..., Any])


def listed(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> list[str] | None:
    """Each option may be there several times and hold several values between commas."""
    items = [item.strip() for text in value for item in text.split(",") if item.strip()]
    return items if value else None


# Characters of a report that are written at once.
_BLOCK = 200_000
_OPTIONS = (
    click.argument("paths", nargs=-1, type=click.Path(path_type=Path)),
    click.option(
        "--output-format",
        type=click.Choice(list(FORMATS)),
        default="full",
        show_default=True,
        help="How to report.",
    ),
    click.option(
        "--output-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the report there, as UTF-8.",
    ),
    click.option(
        "--select",
        multiple=True,
        callback=listed,
        metavar="CODES",
        help="Codes to report, or their beginnings.",
    ),
    click.option("--ignore", multiple=True, callback=listed, metavar="CODES", help="Codes to leave out."),
    click.option(
        "--exclude",
        multiple=True,
        callback=listed,
        metavar="GLOBS",
        help="Leave these out, in place of the defaults.",
    ),
    click.option(
        "--extend-exclude", multiple=True, callback=listed, metavar="GLOBS", help="Leave these out as well."
    ),
    click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay a folder of rules over the shipped ones."
    ),
    click.option("--target", metavar="NAME", help="HTTP client of the rewritten code."),
    click.option(
        "--target-version", metavar="VERSION", help='Oldest Python to write for, such as "3.10" or "py310".'
    ),
    click.option("--line-length", type=int, metavar="N", help="Columns of rewritten code."),
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="Read the settings from this file."
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Leave out the findings that this file knows.",
    ),
    click.option(
        "--write-baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Make such a file of all findings; if there is one, drop from it what is no longer found.",
    ),
    click.option(
        "--files-from",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Look at the paths that this file lists, one a line or between NULs; - is standard input.",
    ),
    click.option(
        "--stdin-filename",
        type=click.Path(path_type=Path),
        metavar="NAME",
        help="What the file is called that is on standard input, where - is the only path.",
    ),
    click.option(
        "--diff-base",
        metavar="REV",
        help="Only findings in lines that were changed since this commit of git.",
    ),
    click.option("--docs", is_flag=True, help="Check the code blocks of Markdown and reStructuredText, too."),
    click.option("--statistics", is_flag=True, help="Count by code and by method in place of listing."),
    click.option("--exit-zero", is_flag=True, help="Exit 0 also where there are findings."),
    click.option("--quiet", "-q", is_flag=True, help="Findings and errors only."),
    click.option("--verbose", "-v", is_flag=True, help="Say which settings hold, and show every fact."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="NO_COLOR and FORCE_COLOR are heeded.",
    ),
    click.option(
        "--jobs",
        "-j",
        type=int,
        metavar="N",
        help="Processes that analyse; by default as many as are worth it.",
    ),
    click.option("--no-progress", is_flag=True, help="No progress bar."),
    cache_dir_option,
    no_cache_option,
)
# Options that settle a field of `Settings`, by the same name.
_OVERRIDES = (
    "select",
    "ignore",
    "exclude",
    "extend_exclude",
    "rules",
    "target",
    "target_version",
    "line_length",
    "jobs",
)


def analysis_options(command: Command) -> Command:
    """Add the options of `check` and `fix` to a click command; it takes them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def profiled(command: Command) -> Command:
    """Add `--profile` to a command, which need not know of it."""

    @wraps(command)
    def within(*, profile: bool, **options: Any) -> Any:
        if not profile:
            return command(**options)
        from callr_migrate.cli.profile import with_profile

        return with_profile(lambda: command(**options))

    option = click.option(
        "--profile",
        is_flag=True,
        help="Say on standard error where the time of the run went, stage by stage.",
    )
    return cast("Command", option(within))


class Asked(NamedTuple):
    """What the command line asks for, apart from the settings."""

    paths: tuple[Path, ...]
    from_stdin: bool  # the only path is the name of what is on standard input
    output_format: str
    output_file: Path | None
    config: Path | None
    baseline: Path | None
    write_baseline: Path | None
    diff_base: str | None
    docs: bool
    statistics: bool
    exit_zero: bool
    quiet: bool
    verbose: bool
    color: bool
    no_progress: bool
    cache_dir: Path | None
    no_cache: bool
    overrides: dict[str, Any]

    @classmethod
    def of(cls, options: dict[str, Any]) -> Asked:
        """From click's keyword arguments; raises `click.UsageError` for options that exclude each other."""
        values = dict(options)
        overrides = {name: values.pop(name) for name in _OVERRIDES}
        overrides["rules"] = list(overrides["rules"]) or None
        values["paths"], values["from_stdin"] = asked_paths(
            values["paths"], values.pop("files_from"), values.pop("stdin_filename")
        )
        values["color"] = wants_color(values["color"])
        asked = cls(overrides=overrides, **values)
        if asked.statistics and asked.machine:
            raise click.UsageError(
                f"--statistics is for people; --output-format {asked.output_format} has the counts"
            )
        if asked.from_stdin and asked.diff_base is not None:
            raise click.UsageError("--diff-base compares files, not standard input")
        if asked.quiet and asked.verbose:
            raise click.UsageError("--quiet and --verbose exclude each other")
        return asked

    @property
    def cache(self) -> Path | None:
        """The folder for what is worth keeping, if anything is."""
        return cache_folder(self.cache_dir, no_cache=self.no_cache)

    @property
    def machine(self) -> bool:
        """Whether a program reads the report."""
        return self.output_format in MACHINE_FORMATS

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the files is to be looked at, for a report whose last line is all of it where none matters."""
        compared = (self.baseline, self.write_baseline, self.diff_base, self.output_file)
        return not (self.machine or self.statistics or self.from_stdin) and compared == (None,) * 4


class Start:
    """The first look at the files of a run, which is all that clean ones need. Raises `ConfigError` and `RuleError`."""

    @staged("settings")
    def __init__(self, asked: Asked, *, quiet: bool = False) -> None:
        from callr_migrate.config import load_settings
        from callr_migrate.front import Front
        from callr_migrate.settings_tree import SettingsTree

        self.asked = asked
        self.settings = load_settings(common(asked.paths), asked.config, asked.overrides)
        if asked.verbose and not quiet:
            print_note(_described(self.settings))
        self.tree = SettingsTree(
            self.settings, asked.overrides, is_fixed=asked.config is not None, paths=asked.paths
        )
        self.front = (
            None
            if asked.from_stdin
            else Front(asked.paths, self.tree, docs=asked.docs, cache=lambda: asked.cache)
        )

    @property
    def files(self) -> int:
        """How many files of code were asked for."""
        return len(self.front.found.names) if self.front is not None else 1

    @staged("loading rules")
    def is_clean(self) -> bool:
        """Whether there is nothing to find, and nothing that could not be done; False where that takes a closer look."""
        from callr_migrate.gates import Gates
        from callr_migrate.pack.compiled import load_gate_facts

        if self.front is None or not self.front.is_plain:
            return False
        gates = Gates(load_gate_facts(lambda: self.asked.cache))
        with ProgressBar(wanted=not (self.asked.no_progress or self.asked.quiet)) as progress:
            is_clean = self.front.is_clean(gates, progress)
        if is_clean:
            self.front.keep()
        return is_clean


def analyse(
    asked: Asked,
    *,
    write: bool = False,
    unsafe: bool = False,
    diff: bool = False,
    attest: bool = False,
    scaffold: Path | None = None,
    quiet: bool = False,
    executor: str | None = None,
    start: Start | None = None,
) -> Outcome:
    """Run the pipeline, with a progress bar and notes unless `quiet`; raises `ConfigError` and `RuleError`."""
    with stage("importing the analysis"):
        from callr_migrate.pipeline import Request, run

    if attest and asked.diff_base is not None:
        raise click.UsageError("--attest is for all lines, so it excludes --diff-base")
    if diff and asked.write_baseline is not None:
        raise click.UsageError("--diff writes nothing, so it excludes --write-baseline")
    start = start or Start(asked, quiet=quiet)
    with ProgressBar(wanted=not (asked.no_progress or asked.quiet)) as progress:
        outcome = run(
            Request(
                paths=asked.paths,
                settings=start.settings,
                write=write,
                unsafe=unsafe,
                diff=diff,
                baseline=asked.baseline,
                write_baseline=asked.write_baseline,
                attest=attest,
                scaffold=scaffold,
                diff_base=asked.diff_base,
                content=read_standard_input() if asked.from_stdin else None,
                on_progress=progress,
                cache=asked.cache,
                docs=asked.docs,
                tree=start.tree,
                front=start.front,
                jobs=start.settings.jobs or 0,
                executor=executor,
            )
        )
    for note in [] if asked.quiet or quiet else outcome.report.notes:
        print_note(f"note: {note}")
    return outcome


@staged("rendering")
def print_report(asked: Asked, outcome: Outcome, *, to_stderr: bool = False) -> None:
    """Write findings, or their counts, to where they were asked for, else to standard output (or error).

    Raises `CommandError`.
    """
    from callr_migrate.output.summary import statistics

    shown = asked.output_file is None and not to_stderr
    if asked.statistics:
        parts = iter([statistics(outcome.report)])
    else:
        parts = pieces(
            asked.output_format,
            outcome,
            color=asked.color and shown,
            verbose=asked.verbose,
            links=shown and wants_links(color=asked.color),
        )
    if asked.output_file is not None:
        write_file(asked.output_file, _encoded("".join(parts)))
    elif to_stderr:
        text = "".join(parts)
        if text:
            print_note(text.removesuffix("\n"))
    else:
        for text in _blocks(parts):
            if asked.machine:
                write_bytes(_encoded(text))
            else:
                write_text(text)


def _encoded(text: str) -> bytes:
    # A file name that is no Unicode becomes an escape, which JSON reads as the name's own surrogates.
    return text.encode("utf-8", "backslashreplace")


def _blocks(parts: Iterable[str]) -> Iterator[str]:
    """Pieces put together until it is worth to write them."""
    block: list[str] = []
    size = 0
    for part in parts:
        block.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)


def write_file(path: Path, data: bytes) -> None:
    """Write a report to a file; raises `CommandError`."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def print_errors(report: Report) -> None:
    """List what could not be done, on standard error."""
    from callr_migrate.output.text import one_line, shown_path

    for failure in report.errors:
        place = f"{one_line(shown_path(failure.path))}: " if failure.path is not None else ""
        print_error(f"{place}{one_line(failure.message)}")


def exit_code(asked: Asked, outcome: Outcome, *, found: bool) -> int:
    """Return 2 if anything could not be done, else 1 if something was found and counts."""
    if outcome.report.errors:
        return 2
    return 1 if found and not asked.exit_zero else 0


def common(paths: Sequence[Path]) -> Path:
    """The folder that all paths are in, for which the settings of the run are looked up."""
    try:
        return Path(os.path.commonpath([os.path.abspath(path) for path in paths]))  # noqa: PTH100 - `..` goes
    except ValueError:  # on several drives
        return Path.cwd()


def _described(settings: Settings) -> str:
    version = ".".join(map(str, settings.target_version))
    return (
        f"settings: {settings.config or 'defaults'}; root: {settings.root}; "
        f"target: {settings.target or 'default'}; Python {version}; {settings.line_length} columns"
    )
