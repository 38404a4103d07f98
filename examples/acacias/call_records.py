# -*- coding: latin-1 -*-
# Journal des appels du mois, pour la comptabilité.
#
#   python -m acacias.call_records 2026-10

import calendar
import os
import sys

from callr import callr

# Le client est créé une fois ; le serveur compte en temps universel.
client = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])


def mois(periode):
    """Premier et dernier instant du mois, à la façon de Callr."""
    annee, numero = [int(n) for n in periode.split("-")]
    dernier = calendar.monthrange(annee, numero)[1]
    return "%s-01 00:00:00" % periode, "%s-%02d 23:59:59" % (periode, dernier)


def appels(sens, periode):
    debut, fin = mois(periode)
    return client.call("cdr.get", sens, debut, fin, None, None)


def imprimer(periode):
    total = 0
    for appel in appels("IN", periode):
        print("reçu   %s  %-13s %4d s" % (appel["start"], appel["cli_number"], appel["duration"]))
        total += appel["duration_billed"]
    for appel in appels("OUT", periode):
        print("émis   %s  %-13s %4d s" % (appel["start"], appel["number"], appel["duration"]))
        total += appel["duration_billed"]
    print("Durée facturée : %d min" % (total // 60))


def prevenir(periode):
    """Un SMS à l'accueil quand le relevé est prêt."""
    client.call("sms.send", "SMS", "+33199001027", "Relevé de %s prêt" % periode, {"nature": "ALERTING"})


if __name__ == "__main__":
    try:
        imprimer(sys.argv[1])
        prevenir(sys.argv[1])
    except callr.CallrException as erreur:
        sys.exit("Callr a répondu : %s" % erreur)
    print("Accueil prévenu")
