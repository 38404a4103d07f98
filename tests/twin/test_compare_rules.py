"""Every rule that rewrites a call, exercised: its examples run before and after, and do the same to the account."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.twin import JOB, NUMBER, START, acacias_state, setup

from callr_migrate.pack import load_pack
from callr_migrate.pack.facts import requests_of
from callr_migrate.pack.openapi import shape
from callr_migrate.twin.comparing import Comparison, Wish, compare
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.model import Order

PACK = load_pack()
RULES = [
    method
    for method in PACK.methods.values()
    if any(request.manual is None for request in requests_of(method))
]
# What the names in the examples stand for.
VALUES = {
    "number": NUMBER,
    "text": "a: 1",
    "name": "Night",
    "sms_id": "8242D945",
    "token": "f0f0f0f0f0f0",
    "job_id": JOB,
}


def program() -> Iterator[str]:
    """One function an example; what an example assigns is printed."""
    yield "import callr"
    yield 'api = callr.Api("login", "hush")'
    yield "ends = []"
    index = 0
    for method in RULES:
        for example in method.examples:
            if example.after is None:
                continue
            tree = ast.parse(example.before)
            names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
            made = [target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)]
            yield f"def example_{index}():"
            for name in dict.fromkeys(node.id for node in names):
                if name not in bound and name != "api" and not hasattr(builtins, name):
                    yield f"    {name} = {VALUES[name]!r}"
            yield f"    {example.before}"
            for name in made:
                yield f"    print({name!r}, {name})"
            yield "try:"
            yield f"    example_{index}()"
            yield "except Exception:"
            yield f"    print('example {index} failed')"
            index += 1


@pytest.fixture(scope="module", params=["httpx", "requests"])
def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    project = tmp_path_factory.mktemp("rules") / "project"
    project.mkdir()
    (project / "callr-migrate.toml").touch()
    (project / "app.py").write_text("\n".join(program()) + "\n", "utf-8")
    state = acacias_state()
    state.orders["f3a9c1d2"] = Order("f3a9c1d2", ["+33199001024"], "classic", START + 10**9)
    wish = Wish((sys.executable, "app.py"), project, project, request.param, timeout=120)
    return compare(replace(setup(), initial=state), wish)


def by_method(exchanges: list[Exchange]) -> dict[str, list[int]]:
    """The legacy methods that were called, and which requests did so."""
    found: dict[str, list[int]] = {}
    for index, exchange in enumerate(exchanges):
        if exchange.api == "json-rpc":
            found.setdefault(exchange.wire.partition(" ")[0], []).append(index)
    return found


def test_before_and_after_do_the_same(compared: Comparison) -> None:
    told = [line for one in compared.judgement.differences if not one.explained for line in one.lines()]
    assert compared.judgement.equal, "\n".join(told) + compared.after.stderr
    # One example deletes what another one has deleted, one gives that a number.
    assert compared.before.stdout.count("failed") == 2
    assert len(compared.before.exchanges) >= len(RULES)


@pytest.mark.parametrize("method", [rule.method for rule in RULES])
def test_the_rule_is_exercised(compared: Comparison, method: str) -> None:
    called = by_method(compared.before.exchanges).get(method)
    assert called, f"{method}: no example of the rule was run; give it one with 'after'"
    shapes = {(request.verb, shape(request.path)) for request in requests_of(PACK.methods[method])}
    for index in called:
        exchange = compared.after.exchanges[index]
        assert exchange.api == "rest-v2", f"{method} was not rewritten"
        operation = exchange.used[0].text.partition(" ")
        assert (operation[0], shape(operation[2])) in shapes, f"{method} became {exchange.wire}"
