"""The network address of whoever's request is being answered, for those who record what is done."""

from contextvars import ContextVar

client_address: ContextVar[str] = ContextVar("client_address", default="")
