# Test de l'envoi, depuis 2013.  Usage : python scripts/send_test_sms.py
import sys

import thecallr

api = thecallr.Api('acacias_login', 'not-a-real-secret')

try:
    sms = api.send('sms.send', ['SMS', '+33199001020', 'Test', None])
except thecallr.ThecallrException as e:
    sys.exit('ERREUR ' + str(e))

print('SMS envoye : ' + sms)

# marche aussi vers l'etranger ?
etranger = api.send(method='sms.send', params=['', '+15005550006', 'Test', {'force_encoding': 'GSM'}], id=7)
print('SMS envoye : ' + etranger)

status = api.send('sms.get', [sms])['status']
if status == 'ERROR':
    print('refuse')
elif status != 'RECEIVED':
    print('en route')
else:
    print('recu')
