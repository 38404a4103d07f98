"""Remind tomorrow's patients by SMS.

    python -m acacias.reminders 2026-11-03
"""

from __future__ import annotations

import logging
import sys
from datetime import date

import callr

from .clients import SENDER, api, is_up
from .patients import APPOINTMENTS, Appointment

log = logging.getLogger(__name__)

SEND = "sms.send"


def reminder_text(appointment: Appointment) -> str:
    return (
        f"Clinique des Acacias : rendez-vous avec {appointment.doctor} "
        f"le {appointment.at:%d/%m} à {appointment.at:%H:%M}. Répondez STOP pour annuler."
    )


def remind(appointment: Appointment) -> str | None:
    """Send one reminder; its id, or None if Callr refused it."""
    try:
        sms_id = api.call(
            SEND,
            SENDER,
            appointment.phone,
            reminder_text(appointment),  # accents: forced to Unicode, or some phones show "?"
            {"nature": "ALERTING", "force_encoding": "UNICODE"},
        )
    except callr.CallrException as e:
        log.warning("no reminder for %s: %s", appointment.patient, str(e))
        return None
    return sms_id


def remind_all(day: date) -> dict[str, str]:
    sent = {}
    failed = 0
    for appointment in APPOINTMENTS:
        if appointment.at.date() != day:
            continue
        sms_id = remind(appointment)
        if sms_id is None:
            failed += 1
            print(f"{appointment.patient}: to be called by hand")
        else:
            sent[appointment.patient] = sms_id
            print(f"{appointment.patient}: {sms_id}")
    print(f"{len(sent)} sent, {failed} failed")
    return sent


def main(argv: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO)
    arguments = sys.argv[1:] if argv is None else argv
    if not is_up():
        return 1
    for argument in arguments:
        remind_all(date.fromisoformat(argument))
    return 0


if __name__ == "__main__":
    sys.exit(main())
