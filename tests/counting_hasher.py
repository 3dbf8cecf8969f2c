"""A password hasher that counts how often it works: what an answer costs is what a stranger can time."""

import threading

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    _lock = threading.Lock()
    calls = 0

    def encode(self, password: str, salt: str) -> str:
        with self._lock:
            CountingHasher.calls += 1
        return super().encode(password, salt)
