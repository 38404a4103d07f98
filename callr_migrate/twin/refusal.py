"""What the account refuses, in words that each face turns into its own errors."""

from __future__ import annotations

from enum import Enum


class Why(Enum):
    """The kinds of refusal that the two APIs tell apart."""

    MISSING = "missing"
    VALUE = "value"
    NOT_FOUND = "not found"
    FORBIDDEN = "forbidden"
    ROUTING = "routing"
    NOT_ASSIGNABLE = "not assignable"


class RefusedError(Exception):
    """The request is understood and not done; `what` names the parameter or thing at fault."""

    def __init__(self, why: Why, what: str, message: str) -> None:
        super().__init__(message)
        self.why = why
        self.what = what
        self.message = message
