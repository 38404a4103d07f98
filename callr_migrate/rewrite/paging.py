"""Lists that became pages: a whole page is asked for, and the finding shows how to read on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.evaluate.values import constants
from callr_migrate.pack.forms import Pages
from callr_migrate.pack.model import Request, Target
from callr_migrate.rewrite.plans import Emitted, Refusal

if TYPE_CHECKING:
    from callr_migrate.rewrite.request import Planning


def ask_for_most(planning: Planning, pages: Pages) -> None:
    """Have the request say how many rows it wants: v2 gives few unless told. Raises `Refusal`."""
    query = planning.result.query
    given = dict(query).get(pages.limit)
    if given is None:
        planning.fact(f"query parameter {pages.limit}", pages.evidence, pages.source)
        query.append((pages.limit, Emitted(constant=pages.max_limit)))
    elif given.node is not None:
        known = constants(planning.evaluator.evaluate(planning.call.module, given.node))
        if known is None:
            planning.result.doubts.append(
                f"`{pages.limit}` may be more than {pages.max_limit}, which v2 refuses"
            )
        elif any(not isinstance(one.value, int) or one.value > pages.max_limit for one in known):
            raise Refusal(f"v2 gives at most {pages.max_limit} rows a page; ask for fewer, and read on")
    planning.result.doubts.append(
        f"rows beyond the first {pages.max_limit} are lost where the program does not read on"
    )
    if pages.note:
        planning.result.doubts.append(pages.note)


def loop(pages: Pages, request: Request, target: Target, client: str, written: str | None) -> str:
    """How to read all rows; `written` is the request as the fix writes it."""
    own = f'"{pages.limit}": '
    step = f'"{pages.offset}": len(rows), '
    taken = "".join(f'["{part}"]' for part in (request.result.legacy_value or "").split(".") if part)
    if written is not None and own in written and f'"{pages.offset}"' not in written and "\n" not in written:
        asked = written.removesuffix(taken).replace(own, step + own, 1)
    else:
        arguments = f'"{request.path}", params={{{step}{own}{pages.max_limit}}}'
        asked = (
            target.request.replace("{client}", client)
            .replace("{verb}", request.verb.lower())
            .replace("{arguments}", arguments)
            + target.check
            + target.value
        )
    return "\n".join(
        [
            "To read all rows:",
            "    rows = []",
            "    while True:",
            f"        page = {asked}",
            f'        rows += page["{pages.hits}"]',
            f'        if not page["{pages.more}"]:',
            "            break",
        ]
    )
