"""Which files hold Python, told from their names, and the bytes of them that are searched. Every run needs this."""

from __future__ import annotations

NOTEBOOK = ".ipynb"
# Pages whose code blocks are checked on request.
DOCUMENTS = (".md", ".markdown", ".rst")
SUFFIXES = (".py", ".pyi", ".pyw", NOTEBOOK)


def searched(name: str, raw: bytes) -> bytes:
    """The bytes of a file in which to look for words of Python: quotes in JSON have a backslash."""
    return raw.replace(b'\\"', b'"') if name.lower().endswith(NOTEBOOK) else raw


def is_embedding(name: str) -> bool:
    """Whether a file of this name has Python inside of something else."""
    return name.lower().endswith((NOTEBOOK, *DOCUMENTS))
