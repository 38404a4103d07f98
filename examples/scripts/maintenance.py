#!/usr/bin/env python3
"""What the administrator needs twice a year.

    python scripts/maintenance.py clock
    python scripts/maintenance.py hook https://acacias.example/callr/sms
    python scripts/maintenance.py raw did/store.get_quota_status
"""

import logging
import os
import sys
import time

import callr

from acacias.clients import api as clinic

log = logging.getLogger("maintenance")

api = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])


def clock():
    """Our clock against Callr's."""
    server = api.call("system.get_timestamp")
    print("clock is right" if abs(time.time() - server) < 60 else "clock is wrong")


def hook(url):
    subscription = api.call("webhooks.subscribe", "sms.mt.status_update", url, None)
    print("subscribed", subscription["hash"])


def raw(method, *params):
    """Any method at all, for the things that this script has no word for."""
    print(api.call(method, *params))


def tell(*message):
    # from, to, text, options
    sms_id = clinic.call("sms.send", *message)
    print("told", sms_id)


def show(sms_id):
    # Never worked: "params" must be a list. Kept, somebody wanted to finish it.
    try:
        print(api.send("sms.get", params={"id": sms_id})["text"])
    except callr.CallrException as e:
        log.error("show: %s", e)
        print("cannot show", sms_id)


def selftest():
    """Are errors reported as errors?"""
    failures = 0
    try:
        api.call("sms.send", "SMS")
    except callr.CallrException:
        failures += 1
    try:
        api.call("sms.get_status", "8242D945")
    except callr.CallrException:
        failures += 1
    print("%d errors out of 2" % failures)


COMMANDS = {"clock": clock, "hook": hook, "raw": raw, "tell": tell, "show": show, "selftest": selftest}


def main():
    logging.basicConfig()
    command, *rest = sys.argv[1:]
    if command == "tell":
        rest = rest + [None]
    COMMANDS[command](*rest)


if __name__ == "__main__":
    main()
