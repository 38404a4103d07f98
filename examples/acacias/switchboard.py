"""The voice apps behind the clinic's numbers.

    python -m acacias.switchboard day
    python -m acacias.switchboard night
"""

import os
import sys

import callr

SCENARIO = """\
branches:
  inbound-call:
    actions:
      - action: say@v2
        params:
          text: Clinique des Acacias, bonjour.
      - action: dial@v1
        params:
          targets:
            - number: "+33199001027"
              timeout: 20
"""

LEGACY_TYPE = "REALTIME10"


class Switchboard:
    def __init__(self, callback: str) -> None:
        self.callback = callback
        self.api = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])

    def day(self) -> str:
        """A fixed welcome, then the front desk."""
        app = self.api.call("apps.create", "ACTIONS10", "Accueil", {"format": "YAML", "script": SCENARIO})
        return app["hash"]

    def night(self) -> str:
        """Our own server decides who is on call."""
        app = self.api.call(
            "apps.create",
            LEGACY_TYPE,
            "Garde",
            {"url": self.callback, "data_format": "JSON"},
        )
        return app["hash"]

    def sick_line(self) -> str:
        app = self.api.call("apps.create", "REALTIME10", "Arrets", {"url": self.callback + "/arrets", "data_format": "JSON"})
        return app["hash"]

    def answer_on(self, app_hash: str, did_hash: str) -> None:
        if self.api.call("apps.assign_did", app_hash, did_hash):
            print(f"line {did_hash} answered by {app_hash}")


def main() -> None:
    board = Switchboard("https://acacias.example/callr/night")
    line = os.environ.get("ACACIAS_DID", "D1D00020")
    if sys.argv[1] == "day":
        board.answer_on(board.day(), line)
    elif sys.argv[1] == "night":
        board.answer_on(board.night(), line)
        print("sick line:", board.sick_line())


if __name__ == "__main__":
    main()
