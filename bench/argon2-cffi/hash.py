"""How many passwords argon2-cffi hashes with Vestibule's parameters, on so many threads."""

import sys
import threading
import time

from argon2.low_level import Type, hash_secret_raw

threads, seconds = int(sys.argv[1]), int(sys.argv[2])
until = time.monotonic() + seconds
times = []


def work():
    while time.monotonic() < until:
        started = time.monotonic()
        hash_secret_raw(b"correct horse battery staple", b"sixteen bytes of", 2, 19 * 1024, 1, 32, Type.ID)
        times.append(time.monotonic() - started)


running = [threading.Thread(target=work) for _ in range(threads)]
for thread in running:
    thread.start()
for thread in running:
    thread.join()
times.sort()
print(f"{len(times) / seconds:.2f} hashes/s {times[len(times) // 2] * 1000:.3f} ms")
