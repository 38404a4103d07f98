"""HTML and Markdown, whatever the texts in them."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from report_support import migration, place

from callr_migrate.report import html as page
from callr_migrate.report import markdown
from callr_migrate.report.code import showable
from callr_migrate.report.highlight import highlighted
from callr_migrate.report.model import (
    Counts,
    Error,
    Fact,
    Migration,
    RetiredApp,
    Row,
    State,
    Step,
    Trend,
    TrendPoint,
    Unseen,
)

EVIL = "</script></style><img src=x onerror=alert(1)>\"'`&lt;{{ 7*7 }}|*_#"


def hostile() -> Migration:
    """Every text that comes from elsewhere tries to be markup."""
    bad = place(
        path=EVIL,
        method=EVIL,
        owners=(EVIL, '@a" onclick="x'),
        message=EVIL,
        before=EVIL,
        after=EVIL,
        reason=EVIL,
        help=EVIL,
        url="javascript://%0aalert(1)",
        facts=(
            Fact(EVIL, "inferred", "javascript://%0aalert(1)"),
            Fact(EVIL, "inferred", f"https://x.example/{EVIL} {EVIL}"),
        ),
        app=EVIL,
        group=EVIL,
        cell=(3, 4),
    )
    row = Row(EVIL, Counts(unsafe=1), 0, 5)
    return migration(
        bad,
        project=EVIL,
        version=EVIL,
        by_method=(row,),
        by_file=(row,),
        by_owner=(row,),
        owners_file=EVIL,
        apps=(RetiredApp(EVIL, 1, EVIL),),
        steps=(Step(1, 1, (EVIL, EVIL), Counts(unsafe=1), 5, (), "fix"),),
        trend=Trend(
            (
                TrendPoint(EVIL, migration().today, 5),
                TrendPoint(None, migration().today, 1),
            ),
            (EVIL,),
        ),
        unseen=(Unseen(EVIL, 3, EVIL),),
        errors=(Error(EVIL, EVIL), Error(None, EVIL)),
        notes=(EVIL,),
    )


class Reader(HTMLParser):
    """Collects what a browser would see; `text` is the text of one kind of element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_hostile_texts_stay_texts() -> None:
    text = page.render(hostile())
    reader = read(text)
    tags = {tag for tag, _ in reader.elements}
    assert {"img", "iframe", "object", "embed", "link", "base"}.isdisjoint(tags)
    assert [tag for tag, _ in reader.elements].count("script") == 1
    for tag, attributes in reader.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert not (name in ("href", "src") and (value or "").startswith("javascript:"))
    assert EVIL in reader.texts["h1"][0]
    assert "49" not in reader.texts["h1"][0]
    assert EVIL in [item.strip() for item in reader.texts["pre"]]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = page.render(hostile())
    reader = read(text)
    for tag, attributes in reader.elements:
        assert not attributes.keys() & {
            "src",
            "srcset",
            "action",
            "formaction",
            "data",
            "poster",
            "background",
            "ping",
        }
        if "href" in attributes:
            assert tag == "a"
            assert re.match(r"#|https://", attributes["href"] or "")
            if not (attributes["href"] or "").startswith("#"):
                assert attributes["rel"] == "noreferrer"
        assert "style" not in attributes, "the policy forbids it"
    assert not re.search(r"@import|url\((?!#)", text)


def test_the_policy_names_what_may_run() -> None:
    text = page.render(migration(place()))
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in read(text).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_every_place_is_there_with_both_codes() -> None:
    places = [place(path=f"{at}.py", line=at, before=f"old({at})", after=f"new({at})") for at in range(1, 30)]
    places.append(place(path="last.py", after=None, before="left()", state=State.MANUAL))
    reader = read(page.render(migration(*places)))
    codes = reader.texts["pre"]
    for at in range(1, 30):
        assert f"old({at})" in codes
        assert f"new({at})" in codes
    assert codes[-1] == "left()"
    items = [attributes for tag, attributes in reader.elements if tag == "li" and "data-kind" in attributes]
    assert [item["data-state"] for item in items] == ["unsafe"] * 29 + ["manual"]


def test_bars_add_up() -> None:
    row = Row("m", Counts(1, 2, 3, 4), 0, 5)
    found = list(page.pieces(row.counts, 20))
    assert [(piece.state, piece.x, piece.width) for piece in found] == [
        ("automatic", "0.00%", "5.00%"),
        ("unsafe", "5.00%", "10.00%"),
        ("manual", "15.00%", "15.00%"),
        ("blocked", "30.00%", "20.00%"),
    ]
    assert list(page.pieces(Counts(), 0)) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x", "x"),
        ("api.call('a<b', 3)", 'api.call(<span class="s">&#39;a&lt;b&#39;</span>, <span class="n">3</span>)'),
        (
            "return None  # c&d",
            '<span class="k">return</span> <span class="k">None</span>  <span class="c"># c&amp;d</span>',
        ),
        ("", ""),
        ("\n\n", "\n\n"),
    ],
)
def test_colours(code: str, expected: str) -> None:
    assert highlighted(code) == expected


@pytest.mark.parametrize(
    "code", [EVIL, "'unfinished", "f'{x!r:>{w}}' if y else b'\\x00'", "a ? b \\ $ é 你\t"]
)
def test_colours_change_no_text(code: str) -> None:
    assert html.unescape(re.sub(r"<[^<>]*>", "", str(highlighted(code)))) == code


def test_code_that_would_mislead_is_shown_as_it_is() -> None:
    assert showable("a\u202eb\x1b[31m") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
    assert showable("x" * 5000).endswith("x ...")
    long = showable("\n".join(map(str, range(500))))
    assert long.splitlines()[-1] == "# ... 440 more lines"


def rendered(text: str) -> Reader:
    return read(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_markdown_texts_stay_texts() -> None:
    text = markdown.render(hostile())
    reader = rendered(text)
    assert {tag for tag, _ in reader.elements} <= {
        *(
            "h1",
            "h2",
            "h3",
            "p",
            "strong",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "code",
            "pre",
            "ul",
            "li",
            "br",
        ),
    }
    assert EVIL in reader.texts["h1"][0]
    assert f"{EVIL}\n" in reader.texts["pre"]


def test_markdown_tables_have_all_cells() -> None:
    tables = [part for part in re.split(r"\n\n+", markdown.render(hostile())) if part.startswith("|")]
    assert len(tables) >= 7
    for table in tables:
        lines = table.splitlines()
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(widths) == 1, table
