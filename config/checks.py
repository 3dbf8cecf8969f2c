"""Parley's own checks, with Django's: what would weaken the site without anybody noticing."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 (its own name)

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
JSON_SESSIONS = "django.contrib.sessions.serializers.JSONSerializer"
IN_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
OUTERMOST = "config.headers.headers"


@register(Tags.security)
def content_policy(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Of the one policy that every page has."""
    rules = {name: [str(each) for each in sources] for name, sources in _directives().items()}
    found: list[CheckMessage] = []
    loose = [name for name, sources in rules.items() if any("'unsafe" in each or each == "*" for each in sources)]
    if loose:
        hint = "Give scripts and styles the page's nonce instead."
        found.append(
            Error(f"The content policy lets anything run or load: {', '.join(loose)}.", hint=hint, id="parley.E001")
        )
    if rules.get("require-trusted-types-for") != ["'script'"]:
        hint = "Without Trusted Types a slip in a script becomes a hole: add require-trusted-types-for 'script'."
        found.append(Error("The content policy does not ask for Trusted Types.", hint=hint, id="parley.E002"))
    return found


@register(Tags.security)
def nothing_pickled(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Whoever can write to a shared store must not be able to run code here."""
    found: list[CheckMessage] = []
    for name, cache in settings.CACHES.items():
        serializer = cache.get("OPTIONS", {}).get("serializer", "")
        if cache["BACKEND"] != IN_PROCESS and serializer != "config.cache.Json":
            hint = "Set OPTIONS['serializer'] to config.cache.Json."
            found.append(Error(f"The cache “{name}” stores pickles outside the process.", hint=hint, id="parley.E003"))
    if settings.SESSION_SERIALIZER != JSON_SESSIONS:
        hint = f"Leave SESSION_SERIALIZER at {JSON_SESSIONS}."
        found.append(Error("Sessions are not stored as JSON.", hint=hint, id="parley.E004"))
    return found


@register(Tags.security)
def headers_outermost(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.MIDDLEWARE[0] == OUTERMOST:
        return []
    hint = f"Put {OUTERMOST} first in MIDDLEWARE: what comes before it answers without the headers."
    return [Error("Some answers lack the headers that protect pages.", hint=hint, id="parley.E005")]


@register(Tags.security, deploy=True)
def public_site(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Of a site that others than this machine reach."""
    site = urlsplit(settings.SITE_URL)
    if site.hostname in LOOPBACK:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        hint = "Set DEBUG=0: its pages show settings and source."
        found.append(Warning("DEBUG is on, on a site that others reach.", hint=hint, id="parley.W006"))
    if site.scheme != "https":
        hint = "End TLS in a proxy, and set SITE_URL=https://… and TRUSTED_PROXIES=1."
        found.append(Warning("Passwords and cookies go over the network in clear.", hint=hint, id="parley.W007"))
    elif not settings.TRUSTED_PROXIES:
        hint = "Set TRUSTED_PROXIES to how many proxies are in front, or limits by address count everybody as one."
        found.append(Info("The site is on HTTPS and no proxy is trusted.", hint=hint, id="parley.I008"))
    return found


def _directives() -> dict[str, Any]:
    directives: dict[str, Any] = settings.CONTENT_SECURITY_POLICY.get("DIRECTIVES", {})
    return directives
