"""The examples of the rules, run: a small program around each, rewritten by the real engine, in memory.

An example fails if the rewritten statement is not what the rule says, if a call that is to be left alone changes,
if the call is not found at all, or if a second run would change the program again.
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator
from dataclasses import replace

from callr_migrate.config import Settings
from callr_migrate.engine import analyse
from callr_migrate.files import real_path
from callr_migrate.findings import Applicability, Edit, Finding, Report
from callr_migrate.pack import RulePack, shipped_rules
from callr_migrate.pack.model import Example, Location, Method, Surface
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

# Nothing on disk is part of an example's project.
_NOWHERE = shipped_rules() / "no such folder"
_PATH = _NOWHERE / "example.py"
# Examples are written on one line; how calls are laid out is not their subject.
_LINE_LENGTH = 1000
_FUNCTION = "example"


@dataclass(frozen=True)
class Outcome:
    """One example and what came of it: `problem` is None if it holds, else says what is wrong."""

    method: str
    example: Example
    problem: str | None = None
    wanted: str = ""
    got: str = ""

    @property
    def location(self) -> Location:
        """Where the example stands."""
        return self.example.location


def run_examples(pack: RulePack, settings: Settings | None = None) -> Iterator[Outcome]:
    """Run all examples of a pack, for the target of the settings; nothing is read from disk or written."""
    base = (settings or Settings(_NOWHERE))._replace(root=_NOWHERE, line_length=_LINE_LENGTH)
    for method in pack.methods.values():
        for example in method.examples:
            yield _run(pack, base, method, example)


def _run(pack: RulePack, settings: Settings, method: Method, example: Example) -> Outcome:
    outcome = Outcome(method.method, example)
    if example.left_alone == (example.after is not None):
        return replace(outcome, problem="an example needs either 'after' or 'left_alone'")
    try:
        program = _program(pack, example.before)
    except SyntaxError as error:
        return replace(outcome, problem=f"'before' is no Python: {error.msg}")
    source = SourceFile.from_bytes(_PATH, program.encode())
    findings = _analyse(pack, settings, source)
    if not any(finding.method == method.method for finding in findings):
        return replace(outcome, problem=f"no call of {method.method} is found", got=example.before)
    rewritten = source.replaced(_edits(findings))
    got = _statement(rewritten.text)
    before = example.before.strip()
    wanted = before if example.after is None else example.after.strip()
    outcome = replace(outcome, wanted=wanted, got=got)
    if got != wanted:
        if example.left_alone:
            return replace(outcome, problem="it is to be left alone, but changes")
        if got == before:
            return replace(outcome, problem=f"it is left alone: {_why(findings, method.method)}")
        return replace(outcome, problem="it becomes something else")
    if rewritten.text != source.text and _edits(_analyse(pack, settings, rewritten)):
        return replace(outcome, problem="a second run would change it again")
    return outcome


def _program(pack: RulePack, before: str) -> str:
    """Build a module in which `before` is a function's body: names that it only reads are parameters, or the client."""
    tree = ast.parse(textwrap.dedent(before))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    free = list(
        dict.fromkeys(node.id for node in names if node.id not in bound and not hasattr(builtins, node.id))
    )
    header = ""
    client = _client(pack, tree)
    if client is not None and client[0] in free:
        name, surface = client
        free.remove(name)
        arguments = ", ".join(param.name.upper() for param in surface.constructor if not param.optional)
        header = f"import {surface.module}\n\n{name} = {surface.clients[0]}({arguments})\n\n\n"
    # What is assigned is used, or there would be no telling whether the answer's form matters.
    used = "".join(f"\n    return {name}" for name in sorted(bound)[:1])
    body = textwrap.indent(textwrap.dedent(before).strip(), "    ")
    return f"{header}def {_FUNCTION}({', '.join(free)}):\n{body}{used}\n"


def _client(pack: RulePack, tree: ast.Module) -> tuple[str, Surface] | None:
    """The name that legacy calls are made on, and the first surface with such calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver = node.func.value
            for surface in pack.surfaces.values():
                if isinstance(receiver, ast.Name) and surface.clients and node.func.attr in surface.calls:
                    return receiver.id, surface
    return None


def _analyse(pack: RulePack, settings: Settings, source: SourceFile) -> list[Finding]:
    return analyse(settings, pack, [source], {real_path(_PATH): _PATH}, Report()).findings


def _edits(findings: list[Finding]) -> list[Edit]:
    """All that `fix --unsafe-fixes` would do."""
    refused = {
        finding.fix.group
        for finding in findings
        if finding.fix is not None and finding.applicability is Applicability.MANUAL
    }
    return [
        edit
        for finding in findings
        if finding.fix is not None and finding.fix.group not in refused
        for edit in finding.fix.edits
    ]


def _statement(text: str) -> str:
    """Find the body of the function, without what was added to use the answer."""
    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    last = function.body[-1]
    end = last.lineno - 1 if isinstance(last, ast.Return) else last.end_lineno
    lines = text.splitlines()[function.body[0].lineno - 1 : end]
    return textwrap.dedent("\n".join(lines)).strip()


def _why(findings: list[Finding], method: str) -> str:
    reasons = [finding.reason for finding in findings if finding.method == method and finding.reason]
    return reasons[0] if reasons else "no fix is made"
