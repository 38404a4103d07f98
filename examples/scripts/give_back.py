"""Give numbers back to Callr.   python scripts/give_back.py D1D00021 [TOKEN...]

Numbers that were given back cannot be had again, hence the question.
"""
import os
import sys

from callr import Api
from callr import CallrException

DRY_RUN = "--dry-run" in sys.argv


def main(arguments):
    store = Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])
    for argument in arguments:
        if argument.startswith("-"):
            continue
        elif len(argument) != 8:
            # a reservation, not a number
            store.call("did/store.cancel_order", argument)
            print("order", argument, "cancelled")
        elif DRY_RUN:
            print("would give back", argument)
        else:
            done = store.call("did/store.cancel_subscription", argument)
            print("number", argument, "given back" if done else "kept")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CallrException as e:
        print("FAILED: %s" % e, file=sys.stderr)
        sys.exit(1)
