"""Regular expressions that are compiled at their first use: most runs need few of them, and compiling takes long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["regex"]

if TYPE_CHECKING:
    from re import compile as regex
else:

    class regex:  # noqa: N801 - called like `re.compile`
        """What `re.compile` would give."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._asked = text, flags

        def __getattr__(self, name: str) -> Any:
            # Only what is not there yet is looked for here.
            found = getattr(re.compile(*self._asked), name)
            setattr(self, name, found)
            return found

        def __reduce__(self) -> tuple[Any, ...]:
            return re.compile, self._asked
