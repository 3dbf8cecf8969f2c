"""``/metrics``: for whoever has the key, or asks from this very machine; for all others there is nothing."""

import ipaddress
import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.api_keys import bearer
from chat import measuring

# What a proxy on this machine adds to the requests of others.
PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_key(request) or _is_local(request)):
        raise Http404
    return HttpResponse(measuring.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _has_key(request: HttpRequest) -> bool:
    key, right = bearer(request.headers.get("Authorization", "")), settings.METRICS_KEY
    return bool(key and right) and secrets.compare_digest(str(key).encode(), right.encode())


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.META for name in PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
