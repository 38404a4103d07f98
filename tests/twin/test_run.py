"""`twin run`: programs that were not changed, led to a twin by the environment alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.twin import LIMIT, ROOT

SDK = """
import callr
api = callr.Api("login", "hush")
print(api.call("sms.send", "", "+33199001020", "Hi", None))
"""


def run(
    folder: Path,
    code: str,
    *options: str,
    command: tuple[str, ...] = (sys.executable, "app.py"),
    **environ: str,
) -> subprocess.CompletedProcess[str]:
    (folder / "app.py").write_text(textwrap.dedent(code), "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "callr_migrate", "twin", "run", *options, "--", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
    )


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[bytes]]]:
    """A server that only takes note of what it is sent: address, what came."""
    came: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(60)
                    try:
                        came.append(connection.recv(4000))
                    except OSError:
                        continue
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", came


def test_the_sdk(tmp_path: Path) -> None:
    done = run(tmp_path, SDK, "--seed", "3")
    assert done.returncode == 0, done.stderr
    sms_id = done.stdout.strip()
    assert len(sms_id) == 8
    assert '1 json-rpc sms.send ["", "+33199001020", "Hi", null] -> 200' in done.stderr
    assert f"+ messages.{sms_id.lower()}" in done.stderr
    assert "~ credit: 10000 -> 9995" in done.stderr
    assert "facts leaned on: 0 documented, 0 inferred" not in done.stderr
    assert "hush" not in done.stderr


CLIENTS = [
    "import httpx; print(httpx.get(URL, timeout=60, auth=AUTH).json()['pong'])",
    "import httpx; print(httpx.Client(base_url=URL[:-5], auth=AUTH, timeout=60).get('/ping').json()['pong'])",
    "import httpx; print(httpx.Client(trust_env=False, http1=True).get(URL, timeout=60, auth=AUTH).json()['pong'])",
    "import httpx, ssl; print(httpx.get(URL, timeout=60, auth=AUTH, verify=ssl.create_default_context()).json()['pong'])",
    "import requests; print(requests.get(URL, timeout=60, auth=AUTH).json()['pong'])",
    "import requests; s = requests.Session(); s.trust_env = False; print(s.get(URL, timeout=60, auth=AUTH).json()['pong'])",
    "import urllib.request as u; r = u.Request(URL, headers={'x-api-key': 'k'}); print(u.urlopen(r).read()[10:14].decode())",
    "import http.client as h; c = h.HTTPSConnection('api.callr.com'); c.request('GET', '/v2.0/ping', headers={'x-api-key': 'k'}); print(c.getresponse().read()[10:14].decode())",
    "import http.client as h; c = h.HTTPConnection('api.callr.com'); c.request('GET', '/v2.0/ping', headers={'x-api-key': 'k'}); print(c.getresponse().read()[10:14].decode())",
    "import httpx; print(httpx.get('http://api.callr.com./v2.0/ping', timeout=60, auth=AUTH).json()['pong'])",
    """
    import asyncio, httpx
    async def main():
        async with httpx.AsyncClient() as client:
            print((await client.get(URL, timeout=60, auth=AUTH)).json()["pong"])
    asyncio.run(main())
    """,
    """
    import asyncio, ssl
    async def main():
        context = ssl.create_default_context()
        reader, writer = await asyncio.open_connection("api.callr.com", 443, ssl=context)
        writer.write(b"GET /v2.0/ping HTTP/1.1\\r\\nhost: api.callr.com\\r\\nx-api-key: k\\r\\nconnection: close\\r\\n\\r\\n")
        print((await reader.read())[-60:].decode().partition('"pong": "')[2][:4])
        writer.close()
    asyncio.run(main())
    """,
    """
    import subprocess, sys
    code = "import httpx; print(httpx.get('https://api.callr.com/v2.0/ping', timeout=60, auth=('a', 'b')).json()['pong'])"
    print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip())
    """,
    """
    import os, subprocess, sys
    code = "import httpx; print(httpx.get('https://api.callr.com/v2.0/ping', timeout=60, auth=('a', 'b')).json()['pong'])"
    env = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    print(subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True).stdout.strip())
    """,
    # Its proxy is for the rest of the world, too.
    "import callr; print(callr.Api('a', 'b', {'proxy': 'PROXY'}).call('system.get_timestamp') > 0 and 'pong')",
]  # fmt: skip


def test_clients_that_were_not_changed(tmp_path: Path, elsewhere: tuple[str, list[bytes]]) -> None:
    address, came = elsewhere
    code = ['URL, AUTH = "https://api.callr.com/v2.0/ping", ("login", "hush")']
    code += [textwrap.dedent(client).replace("PROXY", address) for client in CLIENTS]
    done = run(tmp_path, "\n".join(code))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["pong"] * len(CLIENTS), done.stderr
    assert done.stderr.count("rest-v2 GET /v2.0/ping -> 200") == len(CLIENTS) - 1
    assert came == []


def test_processes_that_the_program_starts(tmp_path: Path) -> None:
    code = """
    import multiprocessing, httpx
    def work():
        print(httpx.get("https://api.callr.com/v2.0/ping", timeout=60, auth=("login", "hush")).json()["pong"], flush=True)
    if __name__ == "__main__":
        process = multiprocessing.get_context("spawn").Process(target=work)
        process.start()
        process.join()
    """
    done = run(tmp_path, code)
    assert (done.returncode, done.stdout) == (0, "pong\n"), done.stderr


def test_the_host_of_old(tmp_path: Path) -> None:
    code = SDK.replace("print", "api.set_api_url('https://api.thecallr.com/')\nprint")
    done = run(tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert "1 json-rpc sms.send" in done.stderr


REFUSED = [
    ("import httpx; httpx.get('https://docs.callr.com/')", "looking up docs.callr.com"),
    ("import requests; requests.get('https://app.callr.com/')", "looking up app.callr.com"),
    ("import socket; socket.create_connection(('api.callr.com', 8443))", "port 8443"),
    ("import socket; socket.socket().connect(('media.callr.com', 443))", "a connection to media.callr.com"),
    ("import socket; socket.gethostbyname('www.callr.com')", "looking up www.callr.com"),
    ("import subprocess; subprocess.run(['curl', 'https://api.callr.com/v2.0/ping'])", "starting curl"),
    ("import subprocess, sys; subprocess.run([sys.executable, '-I', 'x.py'])", "starting Python with -I"),
    ("import os; os.system('wget https://api.callr.com/v2.0/ping')", "starting wget"),
    ("import httpx; httpx.get('https://api.callr.com/v2.0/ping', proxy='http://PROXY')", "through a proxy"),
    ("import requests; requests.get('https://api.callr.com/', proxies={'https': 'http://PROXY'})", "reaching api.callr.com"),
    ("import requests; requests.get('http://api.thecallr.com/', proxies={'http': 'http://PROXY'})", "reaching api.thecallr.com"),
    ("import ssl, socket; ssl.create_default_context().wrap_socket(socket.create_connection(ADDRESS), server_hostname='api.callr.com')", "TLS with api.callr.com"),
]  # fmt: skip


def test_nothing_else_of_the_service_is_reached(tmp_path: Path, elsewhere: tuple[str, list[bytes]]) -> None:
    address, came = elsewhere
    code = [f"ADDRESS = ({address.partition(':')[0]!r}, {address.partition(':')[2]})"]
    for client, _ in REFUSED:
        code += [
            "try:",
            f"    {client.replace('PROXY', address)}",
            "    print('reached')",
            "except Exception:",
            "    print('refused')",
        ]
    done = run(tmp_path, "\n".join(code))
    assert done.stdout.split() == ["refused"] * len(REFUSED), done.stderr
    for _, told in REFUSED:
        assert any(
            told in line
            for line in done.stderr.splitlines()
            if line.startswith("callr-migrate twin: refused: ")
        ), told
        assert any(told in line for line in done.stderr.splitlines() if line.startswith("note: refused: "))
    assert not [data for data in came if data]


def test_what_is_not_the_service_is_left_alone(tmp_path: Path, elsewhere: tuple[str, list[bytes]]) -> None:
    address, came = elsewhere
    code = f"""
    import httpx, requests
    print(httpx.get("http://{address}/", timeout=60).text, requests.get("http://{address}/").text)
    """
    done = run(tmp_path, code)
    assert done.stdout == "hi hi\n", done.stderr
    assert len(came) == 2


def test_proxies_of_the_environment_are_for_the_rest_of_the_world(
    tmp_path: Path, elsewhere: tuple[str, list[bytes]]
) -> None:
    address, came = elsewhere
    code = """
    import httpx, requests, callr
    print(httpx.get("https://api.callr.com/v2.0/ping", timeout=60, auth=("a", "b")).json()["pong"])
    print(requests.get("https://api.callr.com/v2.0/ping", auth=("a", "b")).json()["pong"])
    callr.Api("a", "b").call("system.get_timestamp")
    print(requests.get("http://elsewhere.invalid/").text)
    """
    done = run(tmp_path, code, HTTPS_PROXY=f"http://{address}", HTTP_PROXY=f"http://{address}")
    assert (done.returncode, done.stdout) == (0, "pong\npong\nhi\n"), done.stderr
    assert [data.split()[1] for data in came] == [b"http://elsewhere.invalid/"]


def test_modules_that_resolve_on_their_own_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("print('loaded')")
    done = run(tmp_path, "try:\n    import uvloop\nexcept ImportError as error:\n    print(error)")
    assert done.stdout == "uvloop cannot be led to the twin, so it is not there\n"


def test_a_sitecustomize_of_the_user_is_run_too(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import builtins\nbuiltins.mine = __file__\n")
    path = os.pathsep.join([str(ROOT), str(tmp_path / "site")])
    code = (
        SDK + "import sys\nprint(mine.endswith('sitecustomize.py'), any('redirect' in p for p in sys.path))"
    )
    done = run(tmp_path, code, PYTHONPATH=path)
    assert done.stdout.splitlines()[1:] == ["True False"], done.stderr


def test_the_exit_code_is_that_of_the_program(tmp_path: Path) -> None:
    assert run(tmp_path, "raise SystemExit(7)").returncode == 7
    assert run(tmp_path, "print(input())").returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_program_that_a_signal_ended(tmp_path: Path) -> None:
    assert run(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)").returncode == 137


@pytest.mark.parametrize("option", ["-I", "-E", "-S", "-sE", "-uI"])
def test_a_python_that_would_not_be_led_is_not_started(tmp_path: Path, option: str) -> None:
    done = run(tmp_path, "print('ran')", command=(sys.executable, option, "app.py"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"with {option} Python does not import sitecustomize" in done.stderr


def test_options_of_python_that_do_no_harm(tmp_path: Path) -> None:
    for command in (
        ["-u", "app.py"],
        ["-W", "error", "app.py", "-I"],
        ["-c", SDK, "-E"],
        ["-m", "app", "-S"],
    ):
        done = run(tmp_path, SDK, command=(sys.executable, *command))
        assert done.returncode == 0, done.stderr


def test_a_command_that_is_no_python_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "", command=("echo", "hello"))
    assert done.returncode == 2
    assert "nothing was led to the twin" in done.stderr


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path, "", command=("no-such-program",))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "no-such-program: cannot be started" in done.stderr


def test_the_account_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = run(tmp_path, SDK, "--state", str(state))
    second = run(tmp_path, SDK, "--state", str(state))
    assert first.stdout != second.stdout
    text = state.read_text("utf-8")
    assert first.stdout.strip().lower() in text
    assert second.stdout.strip().lower() in text


def test_faults_reach_the_program(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text(
        "- {match: sms.send, fault: 500}\n- {match: GET /v2.0/ping, fault: 429, skip: 1, times: 2}\n"
    )
    code = """
    import callr, httpx
    try:
        callr.Api("a", "b").call("sms.send", "", "+33199001020", "Hi", None)
    except callr.CallrException as error:
        print(error.code, error.data["http_code"])
    print(len(callr.Api("a", "b").call("sms.send", "", "+33199001020", "Hi", None)))
    print([httpx.get("https://api.callr.com/v2.0/ping", timeout=60, auth=("a", "b")).status_code for _ in range(4)])
    """
    done = run(tmp_path, code, "--faults", str(script))
    assert done.stdout == "-1 500\n8\n[200, 429, 429, 200]\n", done.stderr
    assert "-> 500 fault: 500" in done.stderr
    assert done.stderr.count("did: send an SMS") == 1
