"""A twin that is killed at random moments while clients write to it: what was answered must be in the state file."""

from __future__ import annotations

import json
import random
import threading
import time
from pathlib import Path

import httpx
from support.twin import LIMIT, LOGIN, NUMBER, PASSWORD, eventually, running

from callr_migrate.twin import files

CLIENTS = 4


def kill_at_random(folder: Path, *, tries: int, seed: int) -> None:
    moments = random.Random(seed)
    path = folder / "state.json"
    answered: set[str] = set()
    for _ in range(tries):
        before = len(answered)
        with running("--state", path) as twin:
            stop = threading.Event()

            def write(url: str = twin.url, stop: threading.Event = stop) -> None:
                with httpx.Client(base_url=url, auth=(LOGIN, PASSWORD), timeout=LIMIT) as client:
                    while not stop.is_set():
                        try:
                            told = client.post("/v2.0/sms", params={"to": NUMBER}, json={"text": "Hi"})
                        except httpx.HTTPError:
                            return
                        assert told.status_code == 201
                        answered.add(told.json()["sid"])

            threads = [threading.Thread(target=write) for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            # A busy machine may be long at the first of them.
            eventually(lambda before=before: len(answered) > before + 1)
            time.sleep(moments.uniform(0.02, 0.4))
            twin.process.kill()
            stop.set()
            for thread in threads:
                thread.join(LIMIT)
            twin.process.wait(LIMIT)
        if path.exists():
            state = files.load(path)
            assert state is not None
            assert answered <= state.messages.keys(), "an answered change is lost"
            assert json.loads(path.read_bytes())["format"] == files.FORMAT
        else:
            assert not answered
    assert len(answered) > tries
