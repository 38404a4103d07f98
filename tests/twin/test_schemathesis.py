"""Requests made from the contract, sound and unsound ones: the REST side never fails, and answers by the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from starlette.types import Receive, Scope, Send
from support.twin import acacias_state, basic, setup

from callr_migrate.twin.contract import shipped_contract
from callr_migrate.twin.server import build

App = build(replace(setup(), initial=acacias_state()))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await App(scope, receive, send)


schema = schemathesis.openapi.from_path(str(shipped_contract()))
schema.config.base_url = "http://testserver/v2.0"
schema.app = application
# An empty answer (204) has no content to be looked at; the contract describes what there would be.
OF_CONTENT = [response_schema_conformance, content_type_conformance]


def ask(case: Any) -> None:
    response = case.call(headers={"authorization": basic()})
    checks = [not_a_server_error, *(OF_CONTENT if response.content else [])]
    case.validate_response(response, checks=checks)
    exchange = App.core.exchanges[-1]
    assert not [text for text in exchange.unproven if "twin's answer" in text]


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_request(case: Any) -> None:
    ask(case)


@pytest.mark.soak
@schema.parametrize()
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_many_requests(case: Any) -> None:
    ask(case)
