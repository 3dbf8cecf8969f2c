"""The API described for machines and people, made of the very structs that decode and encode it."""

from .asyncapi import asyncapi
from .openapi import openapi
from .operations import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation", "asyncapi", "openapi"]
