"""Legacy calls: what every surface's detection yields, whatever the form in the source."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import Client, Ref
from callr_migrate.pack.declared import WRAPPER
from callr_migrate.pack.model import Method
from callr_migrate.records import dataclass

__all__ = ["WRAPPER", "Detection", "LegacyCall"]


@dataclass(frozen=True, eq=False)
class LegacyCall:
    """One place that performs a JSON-RPC request: a call, or a payload among those of a batch.

    `receiver` is the client's expression (None if the call goes through a stored bound method). `methods` are the
    names that the call may have, empty where they are not known (`method_reason` says why). `through` names the
    wrapper that a call site hands its method name to, `forwards` the function whose callers name the method.
    """

    module: Module
    node: cst.Call | cst.Dict
    surface: str
    clients: tuple[Client, ...]
    mixed: bool  # the receiver may be something else than a legacy client, too
    receiver: cst.BaseExpression | None
    bound: BoundCall
    methods: tuple[str, ...]
    method_reason: str | None
    rule: Method | None
    through: str | None = None
    forwards: str | None = None
    obstacle: str | None = None  # why a call of this form is not rewritten
    doubt: str | None = None  # why its rewrite may be another call

    @property
    def ref(self) -> Ref:
        """The call as a value's origin."""
        return Ref(self.module, self.node)

    @property
    def method(self) -> str | None:
        """The method name if there is exactly one."""
        return self.methods[0] if len(self.methods) == 1 else None


@dataclass(frozen=True)
class Detection:
    """What a surface found in one module; `unseen` are (line, reason)."""

    calls: tuple[LegacyCall, ...]
    unseen: tuple[tuple[int, str], ...]
