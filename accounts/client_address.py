"""The network address that a request comes from, as far as it can be believed."""

import ipaddress
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

client_address: ContextVar[str] = ContextVar("client_address", default="")  # of the request being answered
UNKNOWN = "0.0.0.0"  # noqa: S104 (a name for what is not known, never bound)


def address_of(request: HttpRequest) -> str:
    """What the outermost of the trusted proxies saw; with none, who connected. The rest of the header is hearsay."""
    seen = request.headers.get("X-Forwarded-For", "").split(",")
    believed = settings.TRUSTED_PROXIES
    address = seen[-believed] if 0 < believed <= len(seen) else ""
    return _address(address) or _address(request.META.get("REMOTE_ADDR") or "") or UNKNOWN


def _address(text: str) -> str:
    """Without a port and as everybody writes it; empty when it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
