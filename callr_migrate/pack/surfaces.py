"""How legacy calls look in a program, what they are rewritten for, and what holds for the whole service."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import NOWHERE, Location, Param, StatedFact, Verb
from callr_migrate.records import dataclass


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
class FacadeCall:
    """A method of a legacy client that spells the API's method by attributes: `client.sms.send(...)`."""

    method: str
    # Its own parameter names, in order: those of the method, then those of `neutral`. None if they are not known.
    params: list[str] | None = None
    # Further ones without a counterpart -> the value with which they do nothing.
    neutral: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PayloadShape:
    """The keys of a JSON payload that is a legacy call, posted by whatever HTTP client."""

    version: str
    method: str
    params: str
    id: str
    result: str  # of the answer: the key of what a call gives
    error: str  # or of what went wrong
    error_message: str  # and in it the text


@dataclass(frozen=True)
class Route:
    """A request of a legacy REST API, and the legacy method that does the same."""

    verb: Verb
    path: str
    method: str


@dataclass(frozen=True)
class LegacyCode:
    """One code of a legacy error. `network`: it stands for no answer, or for one that is no JSON."""

    code: int
    meaning: str
    network: bool = False


@dataclass(frozen=True)
class LegacyError:
    """An exception class of a legacy client.

    `attributes` are the names that its v2 stand-ins do not have; of these `message` holds the text, which is also the
    exception's first argument, and `code` the code.
    """

    attributes: list[str] = field(default_factory=list)
    message: str | None = None
    code: str | None = None
    evidence: Evidence | None = None
    source: str | None = None


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
    requires: dict[str, list[str]] = field(
        default_factory=dict
    )  # what it brings along -> the modules of that
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
    codes: list[LegacyCode] = field(default_factory=list)  # of errors that the client makes itself
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
    `success` are appended: for every request, for its JSON, for its success as a bool. `error_text` is the text of a
    caught {error} without the address, which holds the recipient's number; `mixed_error_text` the same where {error}
    may be any other one, too ({shown} is what tells it then); `answered` whether {error} came with an answer of the API; `double` how tests replace the
    client, `logs` what the client itself writes of its addresses. `minimum` and `version` are
    the oldest release that the rewritten code runs with and one that it was run with, for files of requirements.
    """

    target: str
    summary: str
    module: str
    distribution: str
    minimum: str
    version: str
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
    error_text: str | None = None
    mixed_error_text: str | None = None
    answered: str | None = None
    double: str | None = None
    logs: str | None = None
    failure: str = ""  # whether {response} is one of an error
    post: str | None = None  # the function whose posts of one's own are rewritten for the same library
    helper: str | None = None
    helper_name: str | None = None
    copied: bool = True  # whether a client can be copied, and sent to another process
    closes: bool = True  # used as a context manager where the client lives in one block
    default: bool = False
    location: Location = NOWHERE


@dataclass(frozen=True)
class Service:
    """Facts that hold for the whole of REST v2."""

    base_url: StatedFact
    credentials: StatedFact
    shutdown: StatedFact
    timeout: int  # seconds; the legacy client had none
    guide: str
    error_message: StatedFact | None = None  # the key of the text in the JSON of an error
    codes: list[LegacyCode] = field(default_factory=list)  # of the legacy API's errors
    location: Location = NOWHERE
