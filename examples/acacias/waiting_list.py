'''A slot has become free: tell the waiting list, and the doctor.

    python -m acacias.waiting_list "mardi 14h15" "Dr Lambert"
'''
import os
import sys

from callr import Api, CallrException

from acacias.patients import STAFF, WAITING_LIST

CALLBACK = 'https://acacias.example/callr/sms'


def offer(slot):
    api = Api(os.environ['CALLR_LOGIN'], os.environ['CALLR_PASSWORD'])
    sms_api = api  # the fax had one of its own

    offered = []
    for rank, phone in enumerate(WAITING_LIST, 1):
        try:
            # the answer comes back with the rank, so that the first one wins
            sms_id = sms_api.call('sms.send', '', phone, 'Place libre ' + slot + '. Repondez OUI.',
                                  {'user_data': 'rank-%d' % rank,
                                   'webhook': {'endpoint': CALLBACK}})
        except CallrException as e:
            sys.stderr.write('waiting list: ' + str(e) + '\n')
            continue
        offered.append(sms_id)
        print('offered to number %d' % rank)
    return offered


def tell_doctor(slot, doctor):
    api = Api(os.environ['CALLR_LOGIN'], os.environ['CALLR_PASSWORD'])
    api.call('sms.send', 'SMS', STAFF[doctor], "%s est libre" % slot, None)
    print('told %s' % doctor)


def main():
    slot, doctor = sys.argv[1:3]
    offered = offer(slot)
    tell_doctor(slot, doctor)
    print('%d offers' % len(offered))


if __name__ == '__main__':
    main()
