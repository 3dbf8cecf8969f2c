"""The page in which diagrams are drawn: an origin of its own, without a way to anything."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

# The library writes styles into what it draws, and it reads what a model wrote: it gets no origin and no network.
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-scripts"
)


@require_GET
@xframe_options_sameorigin
def diagrams(request: HttpRequest) -> HttpResponse:
    """Nobody's data is in it: it is sent what it is to draw, and sends back an image."""
    response = render(request, "chat/diagrams.html")
    response["Content-Security-Policy"] = POLICY.format(nonce=request.csp_nonce)  # type: ignore[attr-defined]
    return response
