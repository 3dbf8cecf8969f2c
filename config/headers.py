"""Headers of every answer, whichever part of the site it comes from: what browsers must not do with it."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Nothing here uses the device; passkeys and the clipboard are left to this site's own pages.
UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope"),
    *("hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"),
    *("picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
}
# Of what is no page of ours: an answer that some layer below the pages has given.
BARE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
NOT_KEPT = "private, no-store"
BARE = HEADERS | {"Content-Security-Policy": BARE_POLICY, "Cache-Control": NOT_KEPT}

# The frame that draws diagrams has no origin: for it, this site is another one. Both files are anybody's to read.
FOR_FRAMES = ("/static/vendor/mermaid", "/static/js/diagrams")


@async_only_middleware
def headers(get_response: Next) -> Next:
    """The outermost of all, so that it sees static files and what the layers below refuse."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        if request.path.startswith(FOR_FRAMES):
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Content-Security-Policy", BARE_POLICY)
            response.headers.setdefault("Cache-Control", NOT_KEPT)
        return response

    return middleware
