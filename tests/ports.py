"""Ports for servers that may be down for a while."""

import secrets
import socket

LOWEST = 10_000
HIGHEST = 32_767  # above it are those that Linux gives to outgoing connections


def free_port() -> int:
    """A port that nobody listens on, and that no outgoing connection is given.

    A server that is started again finds it free: whoever tries to reach it meanwhile from a port of the upper range
    would sooner or later be given this very one, be connected to itself, and keep it.
    """
    for _ in range(1000):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST + 1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
