"""No fact about Callr stands in the engine: what the rules know is not in any `.py` file of the package.

The rules' own names are collected from the loaded pack and looked for in the identifiers and texts of the code.
`SMS`, `smsId`, `force_encoding` and `did/store` are looked for everywhere. A plain word (`sid`, `delivered`) counts only
where it is the whole of a text, and not at all if programs use it for other things too (`PLAIN`).
"""

from __future__ import annotations

import dataclasses
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import callr_migrate
from callr_migrate.pack import RulePack, load_pack
from callr_migrate.pack.model import Binding

PACKAGE = Path(callr_migrate.__file__).parent
# A server that speaks both APIs has to know them.
EXEMPT = ("twin",)
# Watches HTTP clients of Python, which have to be told by their names.
WATCHES = ("trace", "recorder")
# Speaks HTTP itself, by a client that programs may be rewritten for as well.
SPEAKS = ("pullrequest", "hosts.py")

# The tool is called after the thing it is for.
OWN_NAME = re.compile(r"callr[_-]migrate(?:[\w./-]*)", re.IGNORECASE)
# What code means by these words is not what Callr means by them.
COMMON = {"GET", "POST", "PUT", "PATCH", "DELETE", "NONE", "ALL", "TRUE", "FALSE", "UNKNOWN", "JSON", "YAML"}
COMMON |= {"BLOCKED", "ERROR", "MANUAL", "KEYWORDS", "is_used", "JSONDecodeError"}
# Of the plain words that the rules use, those that the code needs for itself. A new one that is no fact belongs here.
PLAIN = frozenset(
    re.findall(
        r"\w+",
        """absent all answer app apps at body call calls cancel check class code command content create created data date
    delete description disable edit enable encoding error failed fields filename filters format from get hash history id
    items label language level limit list load locale location login loop message method mode msg name number offset
    open options order overview package params password path payload pending processing properties quantity rate read
    ready record refresh result room save script search send sent settings sort source start started status stop success
    summary system tags target targets text timeout to token total try type types unicode updated url variables
    yaml jobs cli amount session comment category endpoint ended json keep warning action job
        new state verb omit after com parts third contract shutdown active access webhooks put post direction fetch automatic pin""",
    )
)
# An English word too: a fact only as a module.
WORD_MODULES = frozenset({"requests"})


def is_distinctive(name: str) -> bool:
    """Whether a name is nobody's but Callr's: several words in one, a digit, or capitals."""
    if len(name) < 3 or name in COMMON:
        return False
    return bool(re.search(r"[_./:\d-]|[a-z][A-Z]", name)) or (name.isupper() and name.isalpha())


@cache
def words() -> dict[str, str]:
    """Each plain word of the pack that is worth a look, and what it is."""
    plain = {name: what for name, what in _named(load_pack()) if not is_distinctive(name)}
    return {
        name: what
        for name, what in plain.items()
        if name.islower() and len(name) > 2 and name not in PLAIN | COMMON and name not in _modules()
    }


@cache
def facts() -> dict[str, str]:
    """Each distinctive name of the pack, and what it is."""
    return {
        name: what for name, what in _named(load_pack()) if is_distinctive(name) and not OWN_NAME.search(name)
    }


# Keys of the rules that hold prose for people, words of the rules' own language, or Python templates.
NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        """summary note reason instead manual source question evidence amount type format verb examples location gates
        client client_arguments helper request request_with_body check value success failure exception_modules outage_bases error_text mixed_error_text answered double logs meaning""",
    )
)


def _named(pack: RulePack) -> Iterator[tuple[str, str]]:
    service = pack.service
    for url in (service.base_url.value, service.guide, service.shutdown.value):
        yield url, "a fact of the service"
    yield re.sub(r"https?://([^/]+).*", r"\1", service.base_url.value), "the host"
    for kind in dataclasses.fields(pack):
        held = getattr(pack, kind.name)
        if kind.name == "service":
            continue
        entries = held if isinstance(held, Mapping) else {"": held}
        for name, entry in entries.items():
            for text in (name, *_texts(entry)):
                if len(text.split()) < 3:
                    yield from ((part, f"of {name!r} in {kind.name}") for part in _parts(text))


def _texts(value: Any) -> Iterator[str]:
    """All names in a rule, keys of its mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value):
        for entry in dataclasses.fields(value):
            if entry.name not in NO_NAMES:
                yield from _texts(getattr(value, entry.name))
        # The name of a parameter, an expression, or a constant.
        yield from (value.value for _ in range(isinstance(value, Binding)) if isinstance(value.value, str))


def _parts(text: str) -> Iterator[str]:
    """A name as it may stand in code: all of it, and the parts of dotted names and of paths."""
    text = text.removeprefix("$")
    yield text
    if text.startswith("/"):
        yield text.split("{")[0].rstrip("/")
    elif re.fullmatch(r"[\w/{}.-]+", text):
        head, _, tail = text.replace("{module}.", "").rpartition(".")
        yield from (head, tail)


@cache
def _modules() -> list[str]:
    pack = load_pack()
    modules = [entry.module for entry in (*pack.surfaces.values(), *pack.targets.values())]
    return [module for module in modules if module]


@cache
def _patterns() -> list[re.Pattern[str]]:
    names = "|".join(map(re.escape, sorted(facts(), key=len, reverse=True)))
    modules = "|".join(map(re.escape, _modules()))
    words = "|".join(map(re.escape, set(_modules()) - WORD_MODULES))
    host = re.escape(re.sub(r"https?://([^/]+).*", r"\1", load_pack().service.base_url.value))
    domain = re.escape(host.replace("\\", "").partition(".")[2])
    return [
        # `sms.send`, but not as a part of `my.sms.send` or of a longer word.
        re.compile(rf"(?<![\w./])(?:{names})(?![\w]|[./]\w)"),
        re.compile(rf"(?<![\w-])(?:{words})(?![\w-])"),
        # `requests`, where it can only be the module.
        re.compile(rf"\b(?:{modules})\.\w+|\b(?:import|from) (?:{modules})\b|^[\"'](?:{modules})[\"']$"),
        re.compile(rf"[\w.-]*{domain}\S*"),
    ]


# f-strings are tokens of several kinds from Python 3.12 on.
TEXTS = {tokenize.STRING} | {
    number for number, name in tokenize.tok_name.items() if name in ("FSTRING_MIDDLE", "TSTRING_MIDDLE")
}


def found(text: str) -> list[str]:
    """The facts in one Python source, each with its line."""
    hits = []
    previous = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        names: list[str] = []
        if token.type == tokenize.NAME:
            imported = previous in ("import", "from")
            modules = set(_modules()) if imported else set(_modules()) - WORD_MODULES
            names = [token.string] if token.string in facts().keys() | modules else []
        elif token.type in TEXTS:
            plain = OWN_NAME.sub("", token.string)
            hits_here = [word for pattern in _patterns() for word in pattern.findall(plain)]
            names = hits_here + [word for word in [plain.strip("\"'")] if word in words()]
        previous = token.string
        for name in names:
            what = facts().get(name) or words().get(name) or "a module or an address"
            hits.append(f"line {token.start[0]}: {name!r}, {what}")
    return hits


def engine() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in EXEMPT
        and path.relative_to(PACKAGE).parts[:2] not in (WATCHES, SPEAKS)
    ]


@pytest.mark.parametrize("path", engine(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_fact_about_callr(path: Path) -> None:
    assert found(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        'if call.method == "sms.send":\n    pass\n',
        'METHODS = {"did/store.buy_order"}\n',
        'URL = "https://api.callr.com/v2.0"\n',
        'HOST = "docs.callr.com"\n',
        'path = f"/audio-files/{sid}"\n',
        'path = "/audio-files/" + sid\n',
        "force_encoding = None\n",
        'params["trafficType"] = nature\n',
        'RETIRED = ("REALTIME10",)\n',
        'words = {"REMOTE_QUEUED": "remote-queued"}\n',
        'new = "remote-queued"\n',
        'answer["date_creation"]\n',
        'help = "Settle sms.traffic-type first."\n',
        '"""Rewrites `sms.get` and its like."""\n',
        "import callr\n",
        "from requests import Session\n",
        'client = "httpx.Client"\n',
        'target = "requests"\n',
        'errors = ["CallrException"]\n',
        'kind = "SMS.Options"\n',
        'date = "2027-06-30"\n',
        'answer["sid"]\n',
        'if status == "delivered":\n    pass\n',
    ],
)
def test_a_fact_is_noticed(planted: str) -> None:
    assert found(f"x = 1\n{planted}") != []


@pytest.mark.parametrize(
    "harmless",
    [
        '"""callr-migrate reads its rules from callr_migrate/rules."""\n',
        "from callr_migrate.pack import load_pack\n",
        "for request in rule.requests:\n    requests = [request]\n",
        'summary = "The requests that a rule can make, as JSON."\n',
        'text, status, name = value["text"], value["status"], value["name"]\n',
        "# sms.send\n",
    ],
)
def test_what_is_no_fact(harmless: str) -> None:
    assert found(harmless) == []


def test_there_are_facts_to_look_for() -> None:
    assert len(facts()) > 500
    assert {
        "sms.send",
        "api.callr.com",
        "/sms",
        "REALTIME10",
        "trafficType",
        "CallrSession",
    } <= facts().keys()
