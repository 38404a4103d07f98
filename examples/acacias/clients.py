"""The clinic's connection to Callr. The other modules import it from here."""

import logging
import os

import callr

log = logging.getLogger("acacias")

# Approved by Callr in 2019; patients know it.
SENDER = "Acacias"

api = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])


def is_up() -> bool:
    """Does Callr answer? What it answers (its clock) does not matter here."""
    try:
        api.call("system.get_timestamp")
    except callr.CallrException as error:
        log.error("Callr does not answer: %s", error)
        return False
    return True


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    print("Callr is up" if is_up() else "Callr is down")


if __name__ == "__main__":
    main()
