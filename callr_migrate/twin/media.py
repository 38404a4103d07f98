"""Audio files (the media library)."""

from __future__ import annotations

from typing import Any

from callr_migrate.twin.account import Account
from callr_migrate.twin.model import AudioFile
from callr_migrate.twin.refusal import RefusedError, Why

_BEFORE_FIRST = 90_000


def create(account: Account, name: str) -> AudioFile:
    """Make an empty one; raises `RefusedError`."""
    account.act("create an audio file", name=name)
    if not name:
        raise RefusedError(Why.VALUE, "name", "must not be empty")
    sid = account.new_id("audio")
    audio = AudioFile(_BEFORE_FIRST + account.state.made["audio"], sid, name, account.now)
    account.state.audio[sid] = audio
    return audio


def by_media_id(account: Account, media_id: Any) -> AudioFile:
    """The one that the legacy API calls so; raises `RefusedError`."""
    for audio in account.state.audio.values():
        if type(media_id) is int and audio.media_id == media_id:
            return audio
    raise RefusedError(Why.NOT_FOUND, "media_id", "there is no such media")


def by_sid(account: Account, sid: str) -> AudioFile:
    """The one that REST v2 calls so; raises `RefusedError`."""
    if sid not in account.state.audio:
        raise RefusedError(Why.NOT_FOUND, "sid", "there is no such audio file")
    return account.state.audio[sid]


def fill(account: Account, audio: AudioFile, kind: str, *content: Any) -> None:
    """Give it content, which is converted as time goes on."""
    account.act("fill an audio file", audio=audio.sid, kind=kind, content=list(content))
    audio.content = [kind, *content]
    audio.status = "pending-conversion"
    audio.since = account.now
    account.plan(audio.since, "audio", audio.sid)
    account.tell("media.library.status_update", audio)


def delete(account: Account, audio: AudioFile) -> None:
    """Take it away."""
    account.act("delete an audio file", audio=audio.sid)
    del account.state.audio[audio.sid]
