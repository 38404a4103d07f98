"""Who may come in. Credentials are held in memory only; no log, state or answer shows them."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

LEGACY_SCHEMES = ("basic", "api-key", "session")
REST_SCHEMES = ("basic", "x-api-key")


class Access:
    """`allowed`: the only credentials that are right, as `login:password` or a bare key; None: any will do."""

    def __init__(self, allowed: frozenset[str] | None = None) -> None:
        self.allowed = allowed
        self.seen: set[str] = set()

    def admits(self, headers: Mapping[str, str], schemes: tuple[str, ...]) -> bool:
        """Whether the credentials of a request are right."""
        given = credentials(headers, schemes)
        if given is None:
            return False
        if self.allowed is None:
            self.seen.add(given)
            return True
        return any(hmac.compare_digest(given.encode(), one.encode()) for one in self.allowed)


def credentials(headers: Mapping[str, str], schemes: tuple[str, ...]) -> str | None:
    """What a request shows, in one of the schemes; None for nothing that could be right."""
    if "x-api-key" in schemes and headers.get("x-api-key"):
        return headers["x-api-key"]
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() not in schemes:
        return None
    if scheme.lower() != "basic":
        return value.strip() or None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    login, colon, password = text.partition(":")
    return text if login and colon and password else None
