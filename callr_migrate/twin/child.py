"""The program that runs against a twin: its environment, and how its requests are led there."""

from __future__ import annotations


class ChildError(Exception):
    """The program cannot be run so; the message is one line."""
