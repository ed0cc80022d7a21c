"""How many passwords argon2-cffi hashes with Vestibule's parameters, on so many threads."""

import sys
import threading
import time

from argon2.low_level import Type, hash_secret_raw

threads, seconds = int(sys.argv[1]), int(sys.argv[2])
until = time.monotonic() + seconds
hashes = [0] * threads


def work(thread):
    while time.monotonic() < until:
        hash_secret_raw(b"correct horse battery staple", b"sixteen bytes of", 2, 19 * 1024, 1, 32, Type.ID)
        hashes[thread] += 1


running = [threading.Thread(target=work, args=[thread]) for thread in range(threads)]
for thread in running:
    thread.start()
for thread in running:
    thread.join()
print(f"{sum(hashes) / seconds:.2f} hashes/s")
