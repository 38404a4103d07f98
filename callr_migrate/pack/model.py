"""The rule pack as typed, frozen data. What each key means is told here; `rules/` holds the facts themselves.

A `value` in a rule is an expression over the legacy call: `$name` is the argument of that name, `$options.key`
one key of a dict argument, anything else a literal. `evidence` and `source` left out are those of the enclosing
block (`Request` for a binding, `Object` for a field, and so on).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from callr_migrate.findings import Evidence

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Location:
    """Where in the YAML an entry stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Location("<built>", 0)


@dataclass(frozen=True)
class Param:
    """One positional parameter of a legacy method."""

    name: str
    type: str = "string"
    format: str | None = None
    enum: str | None = None
    object: str | None = None
    optional: bool = False  # may be left out or None
    app: bool = False  # the value is an app's package name
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare name."""
        return {"name": text}


@dataclass(frozen=True)
class Returns:
    """What the legacy method answered."""

    type: str = "unknown"  # string, int, bool, object, array, map, unknown
    object: str | None = None  # the object, or the object of each item of an array or map
    format: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare type."""
        return {"type": text}


@dataclass(frozen=True)
class Binding:
    """One path, query or body parameter of a request: where its value comes from and how it changes."""

    value: Any
    format: str | None = None  # hash: lowered, known to be plain; date: the legacy date form is converted
    enum: str | None = None  # map the value by this table
    required: bool = False  # v2 refuses the request without it
    omit_if: str | None = None  # leave the parameter out where the argument is this constant
    ask: dict[str, str] = field(default_factory=dict)  # constant (or `absent`) -> choice that settles it
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare value expression."""
        return {"value": text}


@dataclass(frozen=True)
class Result:
    """What the v2 request answers, seen from code that used the legacy answer.

    Exactly one way of use is known: `legacy_value` (take this field of the answer), `success` (the legacy answer
    was True: the success of the request stands for it), `object` (fields change by that object's table); with
    none of them the shape is unknown and a used answer has no fix.
    """

    object: str | None = None
    legacy_value: str | None = None
    success: bool = False
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Request:
    """One REST request that does what the legacy call did."""

    verb: Verb
    path: str
    when: dict[str, list[str]] = field(default_factory=dict)  # parameter -> the constants it must hold
    path_params: dict[str, Binding] = field(default_factory=dict)
    query: dict[str, Binding] = field(default_factory=dict)
    json: dict[str, Binding] = field(default_factory=dict)
    result: Result = Result()
    manual: str | None = None  # why no fix is made although the request is known
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class NoCounterpart:
    """REST v2 has nothing that does this, as far as is known."""

    reason: str
    instead: str
    evidence: Evidence | None = None
    source: str | None = None


@dataclass(frozen=True)
class Dropped:
    """A key of an options dict that v2 has no place for. `manual`: why a person must decide; `note`: why not."""

    manual: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Example:
    """A test of a rule: legacy code, and either the code after `fix --unsafe-fixes` or `left_alone`."""

    before: str
    after: str | None = None
    left_alone: bool = False
    location: Location = NOWHERE


@dataclass(frozen=True)
class Method:
    """One legacy method and what becomes of it: one `rest` request, `alternatives`, or `none`."""

    method: str
    summary: str
    params: list[Param] | None = None  # None: never read
    min_args: int | None = None  # where it is fewer than the parameters that are not optional
    returns: Returns = Returns()
    deprecated: bool = False
    evidence: Evidence | None = None  # of the legacy signature
    source: str | None = None
    note: str | None = None
    rest: Request | None = None
    alternatives: list[Request] = field(default_factory=list)
    none: NoCounterpart | None = None
    dropped: dict[str, Dropped] = field(default_factory=dict)  # `options.key` -> why
    examples: list[Example] = field(default_factory=list)
    location: Location = NOWHERE

    @property
    def required(self) -> int:
        """The fewest arguments a call may have."""
        if self.min_args is not None:
            return self.min_args
        return sum(not param.optional for param in self.params or ())


@dataclass(frozen=True)
class ObjectField:
    """One field of a legacy answer. `to` is its path in v2; without it, `manual` says what to do."""

    to: str | None = None
    enum: str | None = None
    format: str | None = None  # hash, datetime, date, number
    object: str | None = None
    amount: str | None = None  # unit and type before and after; no conversion is documented
    manual: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: the v2 path."""
        return {"to": text}


@dataclass(frozen=True)
class ObjectType:
    """A legacy object and where its fields are in v2."""

    object: str
    fields: dict[str, ObjectField] = field(default_factory=dict)
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class EnumTable:
    """Legacy constants and their v2 form; None where that is unknown."""

    enum: str
    values: dict[str, str | None]
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Choice:
    """What the vendor leaves open and the user settles in the config.

    `answers`: word in the config -> the value to emit; None leaves the parameter out, `keep` in `keep_answer`
    keeps the argument as it is.
    """

    choice: str
    question: str
    answers: dict[str, str | None]
    keep_answer: str | None = None
    source: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class App:
    """A kind of legacy app. `retired` ones cannot be created over v2."""

    app: str
    summary: str
    retired: bool
    reason: str | None = None
    instead: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class CallShape:
    """How one method of a legacy client performs a call: which argument is what."""

    method: str = "method"  # keyword name of the method name, the first positional argument behind `leading`
    leading: list[str] = field(default_factory=list)  # keyword names of arguments before the method name
    spread: bool = False  # the call's parameters follow the method name one by one
    params: str | None = None  # or: keyword name of the list that holds them, the second positional argument
    ignored: list[str] = field(default_factory=list)  # further keyword names without effect on the request


@dataclass(frozen=True)
class LegacyError:
    """An exception class of a legacy client. `attributes` are the names that its v2 stand-ins do not have."""

    attributes: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    source: str | None = None


@dataclass(frozen=True)
class FacadeCall:
    """A method of a legacy client that spells the API's method by attributes: `client.sms.send(...)`."""

    method: str
    params: list[str] = field(default_factory=list)  # its own parameter names, in order


@dataclass(frozen=True)
class PayloadShape:
    """The keys of a JSON payload that is a legacy call, posted by whatever HTTP client."""

    version: str
    method: str
    params: str
    id: str


@dataclass(frozen=True)
class Route:
    """A request of a legacy REST API, and the legacy method that does the same."""

    verb: Verb
    path: str
    method: str


@dataclass(frozen=True)
class Surface:
    """A form of legacy call.

    A client library has a `module`, `clients` with their `calls` or `facade`, and exceptions; posts of one's own
    have `addresses` (what their URL holds) and a `payload` or `routes`.
    """

    surface: str
    summary: str
    module: str | None = None
    distribution: str | None = None
    gates: list[str] = field(default_factory=list)  # byte strings, one of which every file that uses it holds
    exports: list[str] = field(default_factory=list)  # what `from module import *` gives
    aliases: dict[str, str] = field(default_factory=dict)  # dotted name -> the same thing by its first name
    clients: list[str] = field(default_factory=list)  # dotted names of the constructors
    constructor: list[Param] = field(default_factory=list)
    calls: dict[str, CallShape] = field(default_factory=dict)
    facade: dict[str, FacadeCall] = field(default_factory=dict)  # attributes behind the client -> the call
    addresses: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # names of the functions of HTTP clients that send
    payload: PayloadShape | None = None
    routes: list[Route] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)  # other members of the client -> guidance
    exceptions: dict[str, LegacyError] = field(default_factory=dict)  # dotted name -> what handlers may use
    rewritable: bool = True
    note: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Target:
    """An HTTP client for the rewritten code. Templates name their parts in braces; `{{` is a brace.

    `client` with `client_arguments` constructs one: {module}, {helper}, {base_url} (a literal), {timeout}, and
    {login} and {password} in one argument or two, in this order. `helper`: text of a class added once to the
    constructing module (its name is `helper_name`). `request`: a call, from {client}, {verb}
    in lower case and {arguments}; `request_with_body` where the verb's own method takes no body. `check`, `value`,
    `success` are appended: for every request, for its JSON, for its success as a bool.
    """

    target: str
    summary: str
    module: str
    distribution: str
    client: str
    client_arguments: list[str]
    request: str
    request_with_body: str
    bodiless_verbs: list[Verb]
    check: str
    value: str
    success: str
    exceptions: list[str]
    exception_modules: list[str]
    outage_bases: list[str]  # builtin exceptions whose earlier clause would catch the target's
    helper: str | None = None
    helper_name: str | None = None
    closes: bool = True  # used as a context manager where the client lives in one block
    default: bool = False
    location: Location = NOWHERE


@dataclass(frozen=True)
class StatedFact:
    """A value with how well it is known."""

    value: str
    evidence: Evidence
    source: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Service:
    """Facts that hold for the whole of REST v2."""

    base_url: StatedFact
    credentials: StatedFact
    shutdown: StatedFact
    timeout: int  # seconds; the legacy client had none
    guide: str
    location: Location = NOWHERE


@dataclass(frozen=True)
class DateForms:
    """How both APIs write a time, in the codes of `strftime`. All times are UTC."""

    legacy: list[str]
    rest: list[str]
    null: list[str]  # legacy texts that stand for no date
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Pages:
    """How lists are asked for in v2, page by page, and what such an answer holds."""

    offset: str
    limit: str
    default_limit: int  # rows
    max_limit: int  # rows
    hits: str
    total: str
    more: str
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Identifier:
    """A kind of identifier (a `format` of parameters and fields): what it looked like and what becomes of it."""

    identifier: str
    legacy: str  # a regular expression of the whole text
    becomes: str
    lowered: bool = False
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class WebhookEvent:
    """A legacy webhook event and its v2 counterpart; None where none is known."""

    event: str
    to: str | None
    object: str | None = None  # what it carried
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Scaffold:
    """The text of a scenario that replaces a retired app; `{name}` marks what comes from the legacy parameters."""

    scaffold: str
    app: str
    text: str
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE


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

    @property
    def default_target(self) -> str:
        """The name of the target used when none is asked for."""
        return next(
            (name for name, target in self.targets.items() if target.default), next(iter(self.targets))
        )
