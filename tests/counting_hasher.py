"""A password hasher that counts how often it works: what an answer costs is what a stranger can time."""

import threading
import time

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    _lock = threading.Lock()
    _at_once = 0
    calls = 0
    most_at_once = 0

    def encode(self, password: str, salt: str) -> str:
        with self._lock:
            CountingHasher.calls += 1
            CountingHasher._at_once += 1
            CountingHasher.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(0.005)  # as long as that others could begin
        with self._lock:
            CountingHasher._at_once -= 1
        return super().encode(password, salt)
