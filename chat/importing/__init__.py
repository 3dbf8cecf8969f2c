"""Conversations of other products, brought along."""

from .reading import ImportRefused, Upload, read
from .running import run

__all__ = ["ImportRefused", "Upload", "read", "run"]
