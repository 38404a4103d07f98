"""The rule pack as typed, frozen data. What each key means is told here; `rules/` holds the facts themselves."""

from __future__ import annotations

from dataclasses import field

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import NOWHERE, Location, Param, StatedFact, Verb
from callr_migrate.pack.forms import DateForms, Identifier, Pages, Scaffold, WebhookEvent, Webhooks
from callr_migrate.pack.methods import (
    Amount,
    Binding,
    Choice,
    Dropped,
    EnumTable,
    Example,
    Method,
    NoCounterpart,
    ObjectField,
    ObjectType,
    Request,
    Result,
    Returns,
    Taken,
)
from callr_migrate.pack.surfaces import (
    App,
    CallShape,
    FacadeCall,
    LegacyCode,
    LegacyError,
    PayloadShape,
    Route,
    Service,
    Surface,
    Target,
)
from callr_migrate.records import dataclass

__all__ = [
    "NOWHERE",
    "Amount",
    "App",
    "Binding",
    "CallShape",
    "Choice",
    "DateForms",
    "Dropped",
    "EnumTable",
    "Example",
    "FacadeCall",
    "Identifier",
    "LegacyCode",
    "LegacyError",
    "Location",
    "Method",
    "NoCounterpart",
    "ObjectField",
    "ObjectType",
    "Pages",
    "Param",
    "PayloadShape",
    "Request",
    "Result",
    "Returns",
    "Route",
    "RuleFile",
    "RulePack",
    "Scaffold",
    "Service",
    "StatedFact",
    "Surface",
    "Taken",
    "Target",
    "Verb",
    "WebhookEvent",
    "Webhooks",
]


@dataclass(frozen=True)
class RuleFile:
    """The top level of one YAML file."""

    evidence: Evidence | None = None
    source: str | None = None
    service: Service | None = None
    methods: list[Method] = field(default_factory=list)
    objects: list[ObjectType] = field(default_factory=list)
    enums: list[EnumTable] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    events: list[WebhookEvent] = field(default_factory=list)
    scaffolds: list[Scaffold] = field(default_factory=list)
    dates: DateForms | None = None
    pages: Pages | None = None
    webhooks: Webhooks | None = None


@dataclass(frozen=True)
class RulePack:
    """All rule files as one, references checked, defaults filled in."""

    service: Service
    methods: dict[str, Method]
    objects: dict[str, ObjectType]
    enums: dict[str, EnumTable]
    choices: dict[str, Choice]
    apps: dict[str, App]
    surfaces: dict[str, Surface]
    targets: dict[str, Target]
    identifiers: dict[str, Identifier] = field(default_factory=dict)
    events: dict[str, WebhookEvent] = field(default_factory=dict)
    scaffolds: dict[str, Scaffold] = field(default_factory=dict)
    dates: DateForms | None = None
    pages: Pages | None = None
    webhooks: Webhooks | None = None

    @property
    def default_target(self) -> str:
        """The name of the target used when none is asked for."""
        return next(
            (name for name, target in self.targets.items() if target.default), next(iter(self.targets))
        )
