"""What is kept of a secret that this site made up: a hash, which is enough to know it again."""

import hashlib


def digest(token: str) -> str:
    """A plain hash is enough: the token is as random as the hash is long."""
    return hashlib.sha256(token.encode()).hexdigest()
