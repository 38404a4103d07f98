"""Did the reminders arrive?

    python -m acacias.delivery 8242D945 8242D946
"""

import logging
import os
import sys
from datetime import datetime

import callr as c

log = logging.getLogger(__name__)

# Callr's own error numbers: property missing, property value invalid.
NOT_AN_SMS = (150, 151)


class DeliveryReport:
    """Looks messages up and keeps what it found."""

    def __init__(self, login, password):
        self.api = c.Api(login, password)
        self.arrived = []
        self.lost = []

    def look_up(self, sms_id):
        sms = self.api.call("sms.get", sms_id)
        if sms["status"] in ("SENT", "RECEIVED"):
            self.arrived.append(sms["hash"])
            print("%s to %s: %s" % (sms["hash"], sms["to"], sms["text"][:30]))
        elif sms["status"] == "REMOTE_QUEUED":
            print("%s: the phone is off" % sms["hash"])
        else:
            self.lost.append(sms["hash"])
            print("%s: lost" % sms["hash"])
        return sms

    def minutes_to_arrive(self, sms_id):
        # Callr's dates are UTC and carry no zone.
        sms = self.api.call("sms.get", sms_id)
        sent = datetime.strptime(sms["date_sent"], "%Y-%m-%d %H:%M:%S")
        received = datetime.strptime(sms["date_received"], "%Y-%m-%d %H:%M:%S")
        return int((received - sent).total_seconds() // 60)

    def exists(self, sms_id):
        try:
            self.api.call("sms.get", sms_id)
        except c.CallrException as e:
            if e.code in NOT_AN_SMS:
                log.info("%s: %s", sms_id, e.msg)
                return False
            raise
        return True


def main():
    logging.basicConfig(level=logging.WARNING)
    report = DeliveryReport(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])
    for sms_id in sys.argv[1:]:
        if not report.exists(sms_id):
            print("%s: no such message" % sms_id)
            continue
        sms = report.look_up(sms_id)
        if sms["status"] == "RECEIVED":
            print("  after %d min" % report.minutes_to_arrive(sms_id))
    print("%d arrived, %d lost" % (len(report.arrived), len(report.lost)))


if __name__ == "__main__":
    main()
