"""Tasks (jobs), the records of calls, and what time does to an account."""

from __future__ import annotations

from typing import Any

from callr_migrate.twin import messages
from callr_migrate.twin.account import Account
from callr_migrate.twin.model import Task
from callr_migrate.twin.refusal import RefusedError, Why

TASK_TAKES = 3_000  # milliseconds
# A message after so many milliseconds, while all goes well, and where its way ends otherwise.
_LIFE = ((500, "pending"), (1_500, "sent"), (4_000, "delivered"))
_UNDER_WAY = ("created", "pending", "sent")
_ENDS = {messages.QUEUED: "remote-queued", messages.FAILED: "failed", messages.EXPIRED: "expired"}
_AUDIO = (("pending-conversion", "processing", 1_000), ("processing", "ready", 2_000))  # from, to, when
_LOW_CREDIT = 1_000  # cents


def start_task(account: Account, kind: str, result: dict[str, Any], hook: str | None = None) -> Task:
    """Begin something that takes time."""
    now = account.now
    task = Task(account.new_long_id("task"), kind, now, now + TASK_TAKES, result=result, hook=hook)
    account.state.tasks[task.id] = task
    account.plan(task.done_at, "task", task.id)
    return task


def read_task(account: Account, task_id: str) -> Task:
    """One by its id; raises `RefusedError`."""
    account.act("read a task", task=task_id)
    return _task(account, task_id)


def cancel_task(account: Account, task_id: str) -> None:
    """Stop one; raises `RefusedError`."""
    account.act("cancel a task", task=task_id)
    task = _task(account, task_id)
    if task.state == "running":
        task.state = "cancelled"
        account.tell("job.status_update", task)


def _task(account: Account, task_id: str) -> Task:
    if task_id not in account.state.tasks:
        raise RefusedError(Why.NOT_FOUND, "id", "there is no such task")
    return account.state.tasks[task_id]


def export_calls(account: Account, *, direction: str | None, since: int | None, until: int | None) -> Task:
    """Export the records of calls; raises `RefusedError`."""
    account.act("export calls", direction=direction, since=since, until=until)
    if since is not None and until is not None and until < since:
        raise RefusedError(Why.VALUE, "to", "comes before from")
    found = [call for call in account.state.calls if direction in (None, call.direction)]
    return start_task(account, "calls export", {"calls": len(found)})


def settle(account: Account) -> None:
    """Let happen what was due by now, in its order."""
    now = account.now
    while (due := account.next_due(now)) is not None:
        at, kind, key = due
        _CHANGES[kind](account, key, at)


def resume(account: Account) -> None:
    """Plan anew what is under way in an account that was read from a file."""
    state = account.state
    for kind, keys in (
        (
            "message",
            [m.sid for m in state.messages.values() if m.direction == "outbound" and m.status in _UNDER_WAY],
        ),
        ("audio", [a.sid for a in state.audio.values() if a.status in ("pending-conversion", "processing")]),
    ):
        for key in keys:
            account.plan(0, kind, key)
    for task in state.tasks.values():
        account.plan(task.done_at, "task", task.id)
    for order in state.orders.values():
        account.plan(order.expires, "order", order.token)
    for e164, until in state.quarantine.items():
        account.plan(until, "quarantine", e164)


def _live(account: Account, sid: str, _at: int) -> None:
    message = account.state.messages.get(sid)
    if message is None or message.status not in _UNDER_WAY:
        return
    place = _UNDER_WAY.index(message.status)
    after, status = _LIFE[place]
    at = message.created + after
    if at <= account.now:
        if status == "delivered":
            status = _ENDS.get(message.to[-4:], status)
        message.history.append([message.status, status, at])
        message.status = status
        message.updated = at
        if status == "sent":
            message.sent = at
        elif status == "delivered":
            message.delivered = at
        account.tell("sms.mt.status_update", message)
        if status not in _UNDER_WAY:
            return
        at = message.created + _LIFE[place + 1][0]
    account.plan(at, "message", sid)


def _convert(account: Account, sid: str, _at: int) -> None:
    audio = account.state.audio.get(sid)
    if audio is None:
        return
    for before, status, after in _AUDIO:
        if audio.status == before and audio.since + after <= account.now:
            audio.status = status
            account.tell("media.library.status_update", audio)
    for before, _, after in _AUDIO:
        if audio.status == before:
            account.plan(audio.since + after, "audio", sid)


def _finish(account: Account, task_id: str, _at: int) -> None:
    task = account.state.tasks[task_id]
    if task.state == "running":
        task.state = "done"
        account.tell("job.status_update", task)


def _expire(account: Account, token: str, _at: int) -> None:
    order = account.state.orders[token]
    if order.state == "reserved":
        order.state = "expired"


def _free(account: Account, e164: str, at: int) -> None:
    if account.state.quarantine.get(e164, at + 1) <= at:
        del account.state.quarantine[e164]


_CHANGES = {"message": _live, "audio": _convert, "task": _finish, "order": _expire, "quarantine": _free}


def credit_events(account: Account, before: int) -> None:
    """Tell of credit that runs low or is used up."""
    after = account.state.credit
    if before > 0 >= after:
        account.tell("billing.credit_shutdown", after)
    elif before > _LOW_CREDIT >= after:
        account.tell("billing.credit_warning", after)
