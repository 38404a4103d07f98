"""Patients and their appointments, as the booking software exports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Appointment:
    patient: str
    phone: str
    doctor: str
    at: datetime


APPOINTMENTS = [
    Appointment("Mme Durand", "+33199001020", "Dr Morel", datetime(2026, 11, 3, 9, 0)),
    Appointment("M. Petit", "+33199001021", "Dr Morel", datetime(2026, 11, 3, 9, 30)),
    Appointment("Mme Nguyen", "+33199001022", "Dr Lambert", datetime(2026, 11, 3, 14, 15)),
    # Moved abroad; the number is refused, which must not stop the others.
    Appointment("M. Leroy", "+33199001029", "Dr Lambert", datetime(2026, 11, 4, 8, 45)),
    Appointment("Ms Harper", "+15005550006", "Dr Morel", datetime(2026, 11, 4, 10, 0)),
]

# Who would come at short notice.
WAITING_LIST = ["+33199001023", "+33199001024"]

STAFF = {"Dr Morel": "+33199001025", "Dr Lambert": "+33199001026", "Accueil": "+33199001027"}
