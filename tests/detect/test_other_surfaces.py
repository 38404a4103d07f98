"""Legacy calls beside the SDK: a third party's facade, posted payloads, the legacy REST API."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import check

FACADE = {
    "attributes": """
        from thecallrapi import TheCallrApi
        api = TheCallrApi("l", "p")
        api.sms.send("SMS", "+33199001020", "hello")  # => sms.send
        media = api.media.library.create("x")  # => media/library.create
        class Sender:
            def __init__(self):
                self.api = TheCallrApi("l", "p")
            def send(self):
                return self.api.sms.get("ABCDEF12")  # => sms.get
        """,
    "by name, behind the verb": """
        import thecallrapi
        api = thecallrapi.TheCallrApi("l", "p")
        api.call("POST", "sms.get", "ABCDEF12")  # => sms.get
        api.call(verb="POST", method="sms.get")  # => CLR106 sms.get
        """,
    "awaited": """
        from thecallrapi import TheCallrApi
        api = TheCallrApi("l", "p")
        async def run():
            status, body = await api.sms.get("ABCDEF12")  # => sms.get
        """,
    "of another vendor": """
        from vendor import Client
        api = Client("l", "p")
        api.sms.send("SMS", "+33199001020", "hello")
        client = object()
        client.sms.send(to="+33199001020")
        """,
}

POSTS = {
    "literal payload": """
        import requests
        URL = "https://api.callr.com/json-rpc/v1.1/"
        def send(to):
            answer = requests.post(  # => sms.send
                URL,
                json={"jsonrpc": "2.0", "id": 1, "method": "sms.send", "params": ["", to, "hi", None]},
                auth=("l", "p"),
            )
            return answer.json()["result"]
        """,
    "built in steps, serialised, urllib": """
        import json, urllib.request
        def send():
            payload = {"jsonrpc": "2.0", "id": 1}
            payload["method"] = "sms.get"
            payload["params"] = ["ABCDEF12"]
            data = json.dumps(payload).encode("utf-8")
            request = urllib.request.Request("https://api.callr.com/json-rpc/v1.1/", data)  # => sms.get
            return urllib.request.urlopen(request)
        """,
    "a helper builds the payload": """
        import json, httpx
        def make(method, params):
            return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        with httpx.Client() as client:
            client.post("https://api.callr.com/json-rpc/v1.1/", content=json.dumps(make("sms.get", ["A"])))  # => sms.get
        """,
    "a method of the pack, the address unknown": """
        import os, requests
        requests.post(os.environ["URL"], json={"jsonrpc": "2.0", "method": "sms.get", "params": ["A"], "id": 1})  # => sms.get
        """,
    "what is posted is not known": """
        import requests
        def post(payload):
            return requests.post("https://api.callr.com/json-rpc/v1.1/", json=payload)  # => CLR105
        """,
    "named parameters": """
        import requests
        requests.post("https://api.callr.com/json-rpc/v1.1/", json={"jsonrpc": "2.0", "method": "sms.get", "params": {"id": "A"}})  # => CLR107 sms.get
        """,
    "another vendor's JSON-RPC": """
        import requests
        requests.post("https://eth.example/rpc", json={"jsonrpc": "2.0", "method": "eth_call", "params": []})
        requests.post("https://api.callr.com/v2.0/sms", json={"text": "x"})
        print({"jsonrpc": "2.0", "method": "sms.get", "params": []})
        """,
    "a helper with several callers": """
        import itertools, requests
        URL = "https://api.callr.com/json-rpc/v1.1/"
        ids = itertools.count()
        class Rpc:
            def payload(self, method, *args, version="2.0"):
                found = dict(jsonrpc=version, id=next(ids), method=method, params=list(args))
                return found
        rpc = Rpc()
        requests.post(URL, json=rpc.payload("sms.get", "ABCDEF12"))  # => sms.get
        requests.post(URL, json=rpc.payload("sms.get"))  # => CLR106 sms.get
        requests.post(URL, json=rpc.payload(version="2.0", method="sms.gett"))  # => CLR104 sms.gett
        def made(name, *rest):
            return rpc.payload(name, *rest)
        requests.post(URL, json=made("system.get_timestamp"))  # => system.get_timestamp
        """,
    "one of several payloads": """
        import requests
        if x:
            body = {"jsonrpc": "2.0", "method": "sms.get", "params": ["A"], "id": 1}
        else:
            body = {"jsonrpc": "2.0", "method": "system.get_timestamp", "params": [], "id": 1}
        requests.post("https://api.callr.com/json-rpc/v1.1/", json=body)  # => CLR105
        """,
    "batches": """
        import json, requests, httpx
        URL = "https://api.callr.com/json-rpc/v1.1/"
        def one(n):
            return {"jsonrpc": "2.0", "id": n, "method": "sms.get", "params": ["A"]}
        requests.post(URL, json=[
            {"jsonrpc": "2.0", "id": 1, "method": "sms.get", "params": ["A"]},  # => sms.get
            {"jsonrpc": "2.0", "id": 2, "method": "sms.get", "params": []},  # => CLR106 sms.get
        ])
        queue = []
        def add():
            queue.append({"jsonrpc": "2.0", "id": 3, "method": "sms.gett", "params": []})  # => CLR104 sms.gett
        httpx.post(URL, content=json.dumps(queue))
        requests.post("https://eth.example/rpc", json=[{"jsonrpc": "2.0", "method": "eth_call", "params": []}])
        """,
    "legacy REST over urllib": """
        from urllib.request import Request, urlopen
        URL = "https://api.callr.com/rest/v1.1/sms"
        urlopen(URL + "?type=OUT")  # => sms.get_list
        urlopen(Request(URL, b"{}"))  # => sms.send
        urlopen(Request(URL, data=b"{}"))  # => sms.send
        urlopen(Request(f"{URL}/ABCDEF12"))  # => sms.get
        """,
    "legacy REST": """
        import requests
        BASE = "https://api.callr.com/rest/v1.1"
        requests.post(BASE + "/sms", json={"from": "", "to": "+33199001020", "body": "x"})  # => sms.send
        def read(sms_id):
            return requests.get(f"{BASE}/sms/{sms_id}", auth=("l", "p"))  # => sms.get
        def all_of(start):
            url = "%s/sms" % BASE
            return requests.request("GET", BASE + "/sms?type=OUT")  # => sms.get_list
        requests.delete("https://api.callr.com/rest/v1.1/sms/x")
        """,
}


@pytest.mark.parametrize("source", FACADE.values(), ids=FACADE.keys())
def test_facade(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)


@pytest.mark.parametrize("source", POSTS.values(), ids=POSTS.keys())
def test_posts(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)
