"""A conference room for the Monday meeting; everybody gets the code by SMS."""

import sys

from .clients import api
from .patients import STAFF


def open_room(name: str, pin: str) -> str:
    room = api.call("conference/10.create_room", name, {"open": True}, [{"pin": pin, "level": "GUEST"}])
    return room["hash"]


def invite(pin: str) -> int:
    invited = 0
    for name, phone in sorted(STAFF.items()):
        text = f"Réunion lundi 8h, code {pin}"
        api.send(method="sms.send", params=["SMS", phone, text, None], id=1)
        print(f"{name} invited")
        invited += 1
    return invited


def main() -> None:
    pin = sys.argv[1]
    room = open_room("Reunion du lundi", pin)
    print("room", room)
    # The host gets the code once more, with the room, for the minutes.
    copy_id = api.send(method="sms.send", params=["SMS", STAFF["Accueil"], f"Salle {room}", None], id=2)
    print("copy", copy_id)
    print(invite(pin), "invitations")


if __name__ == "__main__":
    main()
