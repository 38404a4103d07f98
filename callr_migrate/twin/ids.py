"""Identifiers that follow from a seed: the n-th thing of a kind has the same id in every run with that seed."""

from __future__ import annotations

import hashlib

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def short_id(seed: int, kind: str, number: int) -> str:
    """Eight lower-case letters and digits; the first is a letter, so that upper and lower case differ."""
    value = int.from_bytes(_digest(seed, kind, number)[:8], "big")
    text = _ALPHABET[value % 26]
    value //= 26
    for _ in range(7):
        text += _ALPHABET[value % 36]
        value //= 36
    return text


def long_id(seed: int, kind: str, number: int) -> str:
    """32 hexadecimal characters."""
    return _digest(seed, kind, number).hex()[:32]


def _digest(seed: int, kind: str, number: int) -> bytes:
    return hashlib.sha256(f"{seed}:{kind}:{number}".encode()).digest()
