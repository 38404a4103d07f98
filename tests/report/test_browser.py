"""The HTML report in headless Chromium: what people see, with keys, without JavaScript, on paper, and by axe-core.

Needs the extra `browser`, and Chromium or Chrome on the PATH or named by CALLR_MIGRATE_CHROMIUM.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_support import migration, rich

from callr_migrate.report.html import render
from callr_migrate.report.model import Migration

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra 'browser')")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing of the browser's own goes over the network.
ARGUMENTS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
# Milliseconds until a step counts as hung; none needs a hundredth of it.
LIMIT = 120_000
PLACES = 60


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    named = os.environ.get("CALLR_MIGRATE_CHROMIUM")
    path = named or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome was found on the PATH")
    arguments = [*ARGUMENTS, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else ARGUMENTS
    with sync_api.sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=path, args=arguments, timeout=LIMIT)
        except sync_api.Error as error:
            pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
        yield started
        started.close()


def written(folder: Path, whole: Migration) -> str:
    path = folder / "report.html"
    path.write_text(render(whole), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("report"), rich(PLACES))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """With one place of each kind: what is looked at node by node."""
    return written(tmp_path_factory.mktemp("small"), rich(12))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("large"), rich(5000))


class Open:
    """Opens pages, each on its own; `problems` is what any of them complained of or asked for."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.contexts: list[Any] = []
        self.problems: list[str] = []

    def __call__(self, address: str, width: int = 1280, **options: Any) -> Any:
        context = self.browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        self.contexts.append(context)
        context.set_default_timeout(LIMIT)
        page = context.new_page()
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "request",
            lambda request: request.url != address and self.problems.append(f"asked for {request.url}"),
        )
        page.goto(address)
        return page


@pytest.fixture
def show(browser: Any) -> Iterator[Open]:
    opened = Open(browser)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.problems == []


def shown(page: Any) -> list[str]:
    """The places that are to be seen: path and line."""
    found: list[str] = page.eval_on_selector_all(
        "#places > li",
        "all => all.filter(li => li.offsetParent).map(li => li.querySelector('h3 span').textContent)",
    )
    return found


def waits_for(page: Any, text: str) -> None:
    page.wait_for_function("text => document.getElementById('shown').textContent.startsWith(text)", arg=text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(show: Open, small: str, scheme: str, width: int) -> None:
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-playwright-python is not installed (extra 'browser')")
    page = show(small, width, color_scheme=scheme)
    for details in page.query_selector_all("details"):
        details.evaluate("each => each.open = true")
    page.evaluate((Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [
        (each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found["violations"]
    ] == []
    assert len(found["passes"]) > 25


@pytest.mark.parametrize("width", [1280, 400, 320])
def test_nothing_sticks_out(show: Open, address: str, width: int) -> None:
    page = show(address, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_colours_follow_the_scheme(show: Open, address: str) -> None:
    backs = {
        scheme: show(address, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert backs == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 28)"}


def test_search_by_keys_alone(show: Open, address: str) -> None:
    page = show(address)
    assert len(shown(page)) == PLACES
    page.keyboard.press("/")
    page.keyboard.type("REASON17 module17")
    waits_for(page, "1 of 60")
    assert shown(page) == ["src/part0/module17.py:18"]
    # In the field the keys are letters.
    page.keyboard.type("/jk")
    waits_for(page, "0 of 60")
    page.keyboard.press("Escape")
    waits_for(page, "All 60")
    assert page.input_value("[name=search]") == ""
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    at = "document.activeElement.querySelector('h3 span')?.textContent"
    assert page.evaluate(at) == "src/part0/module0.py:1"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(at) == "src/part0/module1.py:2"


def test_single_keys_can_be_turned_off(show: Open, address: str) -> None:
    page = show(address)
    page.uncheck("[name=keys]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") != "search"


def test_filters(show: Open, address: str) -> None:
    page = show(address)
    whole = rich(PLACES)

    def expected(wanted: Any) -> list[str]:
        return [f"{place.path}:{place.line}" for place in whole.places if wanted(place)]

    page.uncheck("[name=state][value=blocked]")
    waits_for(page, "45 of 60")
    assert shown(page) == expected(lambda place: place.state.value != "blocked")
    page.check("[name=calls]")
    page.select_option("[name=method]", "sms.get")
    page.select_option("[name=owner]", "@team/b")

    def some(place: Any) -> bool:
        return bool(
            place.state.value != "blocked"
            and place.is_call
            and place.method == "sms.get"
            and "@team/b" in place.owners
        )

    waits_for(page, f"{len(expected(some))} of 60")
    assert shown(page) == expected(some)
    assert shown(page)
    page.click("button[type=reset]")
    waits_for(page, "All 60")
    page.select_option("[name=kind]", "CLR103")
    waits_for(page, "20 of 60")
    assert shown(page) == expected(lambda place: place.code == "CLR103")


def test_sorting(show: Open, address: str) -> None:
    page = show(address)
    whole = rich(PLACES)
    page.select_option("[name=sort]", "state")
    order = ("blocked", "manual", "unsafe", "automatic")
    places = sorted(whole.places, key=lambda place: order.index(place.state.value))
    assert shown(page) == [f"{place.path}:{place.line}" for place in places]
    page.select_option("[name=sort]", "method")
    places = sorted(whole.places, key=lambda place: (place.method is None, place.method or ""))
    assert shown(page) == [f"{place.path}:{place.line}" for place in places]
    page.click("button[type=reset]")
    page.wait_for_function(
        "() => document.querySelector('#places h3 span').textContent.endsWith('module0.py:1')"
    )
    assert shown(page) == [f"{place.path}:{place.line}" for place in whole.places]


def test_tables_are_sorted_by_keys(show: Open, address: str) -> None:
    page = show(address)
    region = page.get_by_role("region", name="Legacy methods")
    names = "all => all.map(row => row.cells[0].textContent)"
    assert region.locator("tbody tr").evaluate_all(names) == ["sms.send", "sms.get", "apps.create"]
    for expected in (["apps.create", "sms.get", "sms.send"], ["sms.send", "sms.get", "apps.create"]):
        region.get_by_role("button", name="Method").focus()
        page.keyboard.press("Enter")
        assert region.locator("tbody tr").evaluate_all(names) == expected
    region.get_by_role("button", name="Calls").press("Space")
    assert region.locator("th[aria-sort]").evaluate_all("all => all.map(head => head.ariaSort)") == [
        "descending"
    ]
    calls = region.locator("tbody tr").evaluate_all("all => all.map(row => +row.cells[1].textContent)")
    assert calls == sorted(calls, reverse=True)


def test_a_name_in_a_table_leads_to_its_places(show: Open, address: str) -> None:
    page = show(address)
    page.get_by_role("region", name="Legacy methods").get_by_role("link", name="sms.get").click()
    waits_for(page, "16 of 60")
    assert page.url.endswith("#findings")
    page.get_by_role("region", name="Files with legacy code").get_by_role("link", name="module42.py").click()
    waits_for(page, "1 of 60")
    page.get_by_role("region", name="Owners by").get_by_role("link", name="@team/b").click()
    waits_for(page, "21 of 60")


def test_all_but_filtering_works_without_javascript(show: Open, address: str) -> None:
    page = show(address, java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    assert page.get_by_text("Search, filters and sorting need JavaScript.").is_visible()
    items = page.locator("#places > li")
    assert items.count() == PLACES
    assert items.nth(PLACES - 1).is_visible()
    assert page.locator("svg.trend").is_visible()
    numbers = page.get_by_text("The numbers")
    numbers.click()
    assert page.get_by_text("2026-12-10").last.is_visible()
    assert not page.locator("#more").is_visible()


def test_charts_are_read_without_colour(show: Open, address: str) -> None:
    page = show(address)
    fills = page.evaluate(
        "[...document.querySelectorAll('.whole rect')].map(rect => getComputedStyle(rect).fill)"
    )
    # Each state has a pattern of its own, and each chart says in words what it shows.
    assert len(set(fills)) == len(fills) == 4
    assert all(fill.startswith("url(") for fill in fills)
    labels = page.eval_on_selector_all(
        "svg[role=img]", "all => all.map(svg => svg.getAttribute('aria-label'))"
    )
    assert "automatic" in labels[0]
    assert "From 90 legacy calls" in labels[1]
    assert page.eval_on_selector_all(
        "svg:not([role=img])", "all => all.every(svg => svg.ariaHidden === 'true')"
    )


def test_on_paper(show: Open, large: str, address: str) -> None:
    page = show(address)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("#filters").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page = show(large)
    waits_for(page, "All 5,000 places, the first 200 are shown")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page)) == 5000
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(shown(page)) == 200


def test_five_thousand_places(show: Open, large: str) -> None:
    page = show(large)
    waits_for(page, "All 5,000 places, the first 200 are shown")
    page.keyboard.press("/")
    page.keyboard.type("module1234 ", delay=20)
    waits_for(page, "1 of 5,000 places")
    assert shown(page) == ["src/part61/module1234.py:1235"]
    page.keyboard.press("Escape")
    page.uncheck("[name=state][value=manual]")
    page.uncheck("[name=state][value=unsafe]")
    waits_for(page, "2,500 of 5,000 places, the first 200 are shown")
    page.click("#more")
    waits_for(page, "2,500 of 5,000 places, the first 400 are shown")
    assert len(shown(page)) == 400
    page.select_option("[name=sort]", "state")
    waits_for(page, "2,500 of 5,000 places, the first 200 are shown")
    blocked = [f"{each.path}:{each.line}" for each in rich(5000).places if each.state.value == "blocked"]
    assert shown(page) == blocked[:200]
    # Those that were added are where the keys go on.
    page.evaluate("document.querySelectorAll('#places > li:not([hidden])')[199].focus()")
    page.keyboard.press("j")
    waits_for(page, "2,500 of 5,000 places, the first 400 are shown")
    assert shown(page) == blocked[:400]


def test_nothing_to_migrate(show: Open, tmp_path: Path) -> None:
    page = show(written(tmp_path, migration(by_method=(), by_file=(), by_owner=())))
    assert page.get_by_text("There is nothing to migrate.").first.is_visible()


def test_hostile_texts_run_nothing(show: Open, tmp_path: Path) -> None:
    from test_report_formats import hostile

    page = show(written(tmp_path, hostile()))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.wait_for_timeout(100)
    assert page.locator("img").count() == 0
    assert "onerror=alert(1)" in page.inner_text("h1")
