"""Generating answers: the log, those who write it and those who read it."""

from .lock import DataInUse
from .process import Process, current, started
from .viewer import Viewer

__all__ = ["DataInUse", "Process", "Viewer", "current", "started"]
