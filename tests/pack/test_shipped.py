"""The shipped pack holds what Callr's documents say, and no more."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from callr_migrate.findings import Evidence
from callr_migrate.pack import RulePack, load_pack

if TYPE_CHECKING:
    from callr_migrate.pack.model import Method, Request

# The rows of the migration guide that are known, verb and path as printed.
GUIDE = [
    ("actions.start", ["POST /actions/{sid}/runs"]),
    (
        "apps.assign_did",
        [
            "PUT /actions/{sid}/numbers/{number}",
            "PUT /numbers/{number}/scenario/{sid}",
            "PATCH /numbers/{number}",
        ],
    ),
    ("apps.create", ["POST /actions"]),
    ("apps.delete", ["DELETE /actions/{sid}"]),
    ("apps.edit", ["PATCH /actions/{sid}"]),
    (
        "apps.remove_did",
        [
            "DELETE /actions/{sid}/numbers/{number}",
            "DELETE /numbers/{number}/scenario/{sid}",
            "PATCH /numbers/{number}",
        ],
    ),
    ("apps.search", ["GET /actions"]),
    ("billing.get_prepaid_credit", ["GET /billing/credit"]),
    ("cdr.export_async", ["POST /calls/export"]),
    ("did/areacode.countries", ["GET /numbers/store/countries"]),
    ("did/areacode.get_list", ["GET /numbers/store/prefixes"]),
    ("did/areacode.types", ["GET /numbers/store/types"]),
    ("did.search", ["GET /numbers"]),
    ("did/store.buy_order", ["POST /numbers/store/{token}"]),
    ("did/store.cancel_order", ["DELETE /numbers/store/{token}"]),
    ("did/store.cancel_subscription", ["DELETE /numbers/{number}"]),
    ("did/store.reserve", ["POST /numbers/store"]),
    ("jobs.cancel", ["DELETE /tasks/{taskid}"]),
    ("jobs.get", ["POST /tasks/{taskid}"]),
    ("list.destinations", ["GET /billing/destinations"]),
    ("media/library.create", ["POST /audio-files"]),
    ("media/library.delete", ["DELETE /audio-files/{sid}"]),
    ("media/library.get", ["GET /audio-files/{sid}"]),
    ("media/library.get_phone_id", ["PUT /audio-files/{sid}/phone-id"]),
    ("media/library.search", ["GET /audio-files"]),
    ("media/library.set_content_from_file", ["PUT /audio-files/{sid}/file"]),
]
# Where two of Callr's pages, or a page and common sense, disagree.
CONFLICTS = {"jobs.get", "media/library.set_content_from_file", "did/store.cancel_subscription"}
# Paths that no known row of the guide has, each with where it is known from.
BEYOND_THE_GUIDE = {
    "POST /sms": Evidence.DOCUMENTED,
    "GET /sms": Evidence.INFERRED,
    "GET /sms/{sid}": Evidence.INFERRED,
    "GET /ping": Evidence.INFERRED,
}


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


def requests(method: Method) -> list[Request]:
    return [request for request in (method.rest, *method.alternatives) if request is not None]


def printed(request: Request) -> str:
    return f"{request.verb} {request.path}"


@pytest.mark.parametrize(("name", "rows"), GUIDE, ids=[name for name, _ in GUIDE])
def test_row_of_the_guide_is_there_literally(pack: RulePack, name: str, rows: list[str]) -> None:
    found = requests(pack.methods[name])
    assert [printed(request) for request in found] == rows
    wanted = Evidence.CONFLICT if name in CONFLICTS else Evidence.DOCUMENTED
    assert {request.evidence for request in found} == {wanted}
    assert bool(pack.methods[name].alternatives) == (len(rows) > 1)


def test_the_guide_has_26_rows() -> None:
    assert len(GUIDE) == 26


def test_no_path_is_made_up(pack: RulePack) -> None:
    known = {row for _, rows in GUIDE for row in rows} | set(BEYOND_THE_GUIDE)
    assert {printed(request) for method in pack.methods.values() for request in requests(method)} == known


def test_what_no_row_of_the_guide_says_is_at_most_inferred(pack: RulePack) -> None:
    named = {name for name, _ in GUIDE}
    for name, method in pack.methods.items():
        for request in requests(method):
            if name not in named:
                assert request.evidence is BEYOND_THE_GUIDE.get(printed(request), Evidence.INFERRED), name


def test_conflicts_are_conflicts_and_say_which(pack: RulePack) -> None:
    found = {
        name: request
        for name, method in pack.methods.items()
        for request in requests(method)
        if request.evidence is Evidence.CONFLICT
    }
    assert set(found) == CONFLICTS
    assert all(request.note for request in found.values())
    assert "POST" in (found["jobs.get"].note or "")
    assert "POST" in (found["media/library.set_content_from_file"].note or "")
    assert "sid" in (found["did/store.cancel_subscription"].note or "")


def test_every_method_is_there_with_one_way(pack: RulePack) -> None:
    assert len(pack.methods) == 138
    for name, method in pack.methods.items():
        ways = [method.rest is not None, bool(method.alternatives), method.none is not None]
        assert ways.count(True) == 1, name


def test_methods_whose_parameters_are_unknown(pack: RulePack) -> None:
    assert {name for name, method in pack.methods.items() if method.params is None} == {
        "sms.search",
        "sms.get_quote",
        "sms.get_gsm_charset_mapping",
        "calls.realtime_break",
        "media/library.overview",
        "media/library.search",
        "jobs.cancel",
        "list.destinations",
        "actions.start",
    }


@pytest.mark.parametrize(
    ("name", "fewest", "most"),
    [
        ("sms.send", 3, 4),
        ("sms.get", 1, 1),
        ("apps.create", 2, 3),
        ("dialr/call.realtime", 2, 3),
        ("cdr.get", 3, 5),
        ("did/areacode.get_list", 1, 2),
        ("did/store.reserve", 4, 4),
        ("media/tts.set_content", 3, 4),
        ("clicktocall/calls.start_2", 3, 4),
        ("system.get_timestamp", 0, 0),
    ],
)
def test_how_many_arguments_a_call_has(pack: RulePack, name: str, fewest: int, most: int) -> None:
    method = pack.methods[name]
    assert method.params is not None
    assert (method.required, len(method.params)) == (fewest, most)


def test_what_is_known_has_a_source(pack: RulePack) -> None:
    for name, method in pack.methods.items():
        for request in requests(method):
            # The one path that no page shows.
            assert request.source or printed(request) == "GET /sms/{sid}", name
        assert method.none is None or method.none.source, name
        assert method.source or "third-party" in (method.note or ""), name
        for url in (method.source, *(request.source for request in requests(method))):
            assert url is None or re.match(r"https?://\S+\Z", url), name


# An identifier of v1 that v2 does not take cannot be put into a path.


@pytest.mark.parametrize(
    "name",
    [
        "apps.assign_did",
        "apps.remove_did",
        "did/store.cancel_subscription",
        "media/library.delete",
        "media/library.get",
        "media/library.get_phone_id",
        "media/library.set_content_from_file",
    ],
)
def test_foreign_identifier_is_for_a_person_to_look_up(pack: RulePack, name: str) -> None:
    for request in requests(pack.methods[name]):
        assert request.manual or any(
            binding.manual and binding.instead for binding in request.path_params.values()
        )


@pytest.mark.parametrize(
    "name",
    ["media/library.search", "sms.get_list", "sms.search", "did/store.reserve"],
)
def test_request_whose_parameters_are_unsure_is_manual(pack: RulePack, name: str) -> None:
    assert all(request.manual for request in requests(pack.methods[name]))


@pytest.mark.parametrize("name", ["apps.get_list", "apps.search", "did.search"])
def test_a_list_that_became_pages_asks_for_a_whole_page(pack: RulePack, name: str) -> None:
    request = pack.methods[name].rest
    assert request is not None
    assert request.result.page


def test_dates_of_an_sms_list_are_not_its_sender_and_recipient(pack: RulePack) -> None:
    request = pack.methods["sms.get_list"].rest
    assert request is not None
    assert not {"from", "to"} & request.query.keys()


def test_only_identifiers_are_lowered(pack: RulePack) -> None:
    for name, method in pack.methods.items():
        formats = {param.name: param.format for param in method.params or ()}
        for request in requests(method):
            for binding in (*request.path_params.values(), *request.query.values(), *request.json.values()):
                if binding.format == "hash":
                    assert formats[binding.value.removeprefix("$")] == "hash", name


@pytest.mark.parametrize(
    "name",
    ["calls.realtime", "dialr/call.realtime", "clicktocall/calls.start_2", "clicktocall/calls.get_status"],
)
def test_retired_apps_are_documented(pack: RulePack, name: str) -> None:
    none = pack.methods[name].none
    assert none is not None
    assert none.evidence is Evidence.DOCUMENTED


def test_scenarios_are_the_one_kind_of_app_that_can_be_created(pack: RulePack) -> None:
    create = pack.methods["apps.create"]
    assert create.rest is not None
    assert create.rest.when == {"type": ["ACTIONS10"]}
    assert [param.name for param in create.params or () if param.app] == ["type"]
    assert {name for name, app in pack.apps.items() if not app.retired} == {"ACTIONS10"}


def test_events_have_new_names(pack: RulePack) -> None:
    events = pack.enums["Webhook.type"].values
    assert len(events) == 15
    assert all(name and name.startswith("v2.") for name in events.values())
    assert events["sms.mo"] == "v2.sms.inbound.received"


def test_constants_that_do_not_just_become_lower_case(pack: RulePack) -> None:
    assert pack.enums["SMS.status"].values["REMOTE_QUEUED"] == "remote-queued"
    assert pack.enums["SMS.status"].values["RECEIVED"] == "delivered"
    assert pack.enums["SMS.type"].values == {"IN": "inbound", "OUT": "outbound"}
    assert pack.enums["CDR.type"].values == {"IN": "inbound", "OUT": "outbound"}
    assert pack.enums["Media.Library.status"].values["PENDING_CONTENT"] == "pending-content"
    assert pack.enums["CDR.hangupsource"].values["GATEWAY"] is None
    assert list(pack.enums["CONFERENCE10.recording"].values) == ["OFF", "AUTO", "MANUAL"]


def test_fields_of_an_answer(pack: RulePack) -> None:
    app = pack.objects["App"].fields
    assert (app["hash"].to, app["hash"].format) == ("sid", "hash")
    assert [app[name].to for name in ("name", "date_creation", "date_update")] == [
        "name",
        "created",
        "updated",
    ]
    assert all(app[name].manual for name in ("p", "did", "package"))
    assert pack.objects["DID"].fields["intl_number"].to == "e164"
    call = pack.objects["CDR.In"].fields
    assert call["duration_answered"].to == "durationAnswered"
    debit = call["billing_customer_debit_eur"]
    assert debit.to is None
    assert debit.amount is not None
    assert debit.amount.told == "an amount, a decimal in EUR; v2 has `billingDebit`, a text in cents"
    assert pack.objects["SearchResult"].fields["has_more"].to == "hasMore"


# Examples. That they come true is tested where calls are rewritten.


def examples(pack: RulePack) -> list[tuple[str, str, str | None, bool]]:
    return [
        (name, example.before, example.after, example.left_alone)
        for name, method in pack.methods.items()
        for example in method.examples
    ]


def test_examples_are_python_and_say_what_becomes_of_them(pack: RulePack) -> None:
    for name, before, after, left_alone in examples(pack):
        tree = ast.parse(before)
        assert any(isinstance(node, ast.Constant) and node.value == name for node in ast.walk(tree)), before
        assert left_alone == (after is None), before
        if after is not None:
            assert ast.dump(ast.parse(after)) != ast.dump(tree), before


def test_every_request_that_can_be_made_has_an_example(pack: RulePack) -> None:
    shown = {name for name, _, after, _ in examples(pack) if after}
    possible = {
        name
        for name, method in pack.methods.items()
        if any(not request.manual for request in requests(method))
    }
    assert shown == possible


def test_numbers_in_examples_are_nobodys(pack: RulePack) -> None:
    for _, before, after, _ in examples(pack):
        for number in re.findall(r"\+\d+", before + (after or "")):
            assert re.fullmatch(r"\+331990010(2\d)|\+15005550006", number), before
