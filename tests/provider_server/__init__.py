"""Scriptable model providers for tests and benchmarks: real HTTP servers on loopback."""

from .recording import Recording, Sent
from .script import Script
from .server import ProviderServer

__all__ = ["ProviderServer", "Recording", "Script", "Sent"]
