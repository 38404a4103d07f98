"""Wait for an import that was started in Callr's portal (recordings, address books).

    python -m acacias.imports 0123456789abcdef0123456789abcdef
"""
import os, sys, time

import callr as c

JOB = 'jobs.get'
LOGIN, PASSWORD = os.environ['CALLR_LOGIN'], os.environ['CALLR_PASSWORD']


def wait(job_id, tries=10, pause=2.0):
    client = c.Api(LOGIN, PASSWORD)
    for attempt in range(tries):
        job = client.call(JOB, job_id)
        if job['status'] == 'DONE':
            return job['result']
        print('attempt %d: %s' % (attempt + 1, 'still running'))
        time.sleep(pause)
    return None


def main():
    # a dead connection should be seen before the long wait
    probe = c.Api(LOGIN, PASSWORD)
    probe.send('system.get_timestamp')
    result = wait(sys.argv[1])
    if result is None:
        print('gave up')
        return 1
    print('imported', result['numbers_imported'], 'numbers')
    return 0


if __name__ == '__main__':
    sys.exit(main())
