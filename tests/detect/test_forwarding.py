"""What a wrapper hands on as it is, is known at its calls: arguments, lists of them, and payloads made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import check

CLIENT = "import callr, requests\napi = callr.Api(L, P)\nURL = 'https://api.callr.com/json-rpc/v1.1/'\n"
POST = 'requests.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": PARAMS})'
WRAPPERS = {
    "call": ("*params", "api.call(method, *params)"),
    "send a list": ("params=()", "api.send(method, params)"),
    "send by name": ("params=()", "api.send(method=method, params=params)"),
    "send all": ("*params", "api.send(method, list(params))"),
    "send them unpacked": ("*params", "api.send(method, [*params])"),
    "post all": ("*params", POST.replace("PARAMS", "list(params)")),
    "post them unpacked": ("*params", POST.replace("PARAMS", "[*params]")),
    "post a list": ("params", POST.replace("PARAMS", "params")),
    "post one by one": ("one, *two", POST.replace("PARAMS", "[one, *two]")),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_number_of_parameters_is_known(tmp_path: Path, wrapper: str) -> None:
    takes, body = WRAPPERS[wrapper]
    one, two = ("'A'", "'A', 'B'") if "*" in takes else ("['A']", "('A', 'B')")
    check(
        tmp_path,
        CLIENT
        + f"def rpc(method, {takes}):\n    return {body}  # => CLR105\n"
        + f"rpc('sms.get', {one})  # => sms.get\n"
        + f"rpc('sms.get', {two})  # => CLR106 sms.get\n"
        + f"rpc('apps.assign_did', {two})  # => CLR102 apps.assign_did\n"
        + f"rpc('apps.assign_did', {one})  # => CLR106 apps.assign_did\n",
    )


@pytest.mark.parametrize(
    ("takes", "body", "given"),
    [
        ("*params", "api.call(method, 'B', *params)", "'A'"),
        ("*params", "api.send(method, sorted(params))", "'A', 'B', 'C'"),
        ("params", "api.send(method, params)", "['A', *more]"),
        ("params", "api.send(method, params)", "many"),
        ("*params", "api.call(method, *params[1:])", "'A', 'B', 'C'"),
    ],
)
def test_what_is_changed_on_the_way_is_not_counted(tmp_path: Path, takes: str, body: str, given: str) -> None:
    check(
        tmp_path,
        CLIENT
        + f"def rpc(method, {takes}):\n    return {body}  # => CLR105\n"
        + f"rpc('sms.get', {given})  # => sms.get\n",
    )
