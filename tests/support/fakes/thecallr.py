"""Stands in for the SDK's ancestor, which cannot be installed on Python 3: its names and how they behave."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any


class ThecallrException(Exception):
    def __init__(self, msg: str, code: int = 0, data: Any = None) -> None:
        super().__init__(msg, code)
        self.msg = msg
        self.code = code
        self.data = data


class ThecallrLocalException(ThecallrException):
    pass


class Api:
    API_URL = "https://api.thecallr.com/"

    def __init__(self, login: str, password: str, options: dict[str, Any] | None = None) -> None:
        self._token = base64.b64encode(f"{login}:{password}".encode()).decode()

    def call(self, method: str, *params: Any) -> None:
        # The real one forgets to return the answer.
        self.send(method, params)

    def send(self, method: str, params: Any = (), id: int | None = None) -> Any:  # noqa: A002
        body = json.dumps({"jsonrpc": "2.0", "id": id or 100, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.API_URL, body, {"Authorization": f"Basic {self._token}"})
        try:
            with urllib.request.urlopen(request) as response:
                answer = json.load(response)
        except urllib.error.URLError as error:
            raise ThecallrLocalException("HTTP_EXCEPTION", -2, error) from error
        if "error" in answer:
            raise ThecallrException(answer["error"]["message"], answer["error"]["code"])
        return answer["result"]
