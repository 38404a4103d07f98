"""Stands in for a third party's wrapper: the version on requests, whose methods answer the result."""

from __future__ import annotations

from typing import Any

import requests


class _Sms:
    def __init__(self, api: TheCallrApi) -> None:
        self._api = api

    def send(self, sender: str, to: str, body: str, flash: bool = False) -> Any:
        return self._api.call(
            "POST", "sms.send", sender, to, body, {"flash_message": True} if flash else None
        )

    def get(self, sms_id: str) -> Any:
        return self._api.call("POST", "sms.get", sms_id)


class _System:
    def __init__(self, api: TheCallrApi) -> None:
        self._api = api

    def get_timestamp(self) -> Any:
        return self._api.call("POST", "system.get_timestamp")


class TheCallrApi:
    def __init__(self, login: str, password: str) -> None:
        self._auth = (login, password)
        self.sms = _Sms(self)
        self.system = _System(self)

    def call(self, verb: str, method: str, *params: Any) -> Any:
        payload = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = requests.request(verb, "https://api.callr.com/json-rpc/v1.1/", json=payload, auth=self._auth)
        return answer.json()["result"]
