"""How mail leaves: ``EMAIL_URL`` as Django's settings."""

from typing import Any
from urllib.parse import unquote, urlsplit

from .environment import Environment, WrongSetting

DEFAULT_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def mail_settings(environment: Environment) -> dict[str, Any]:
    """``console`` prints; ``smtp://`` sends in clear, ``smtp+tls://`` upgrades, ``smtps://`` is TLS from the start."""
    url = environment.text("EMAIL_URL", "console")
    if url in {"console", "console:"}:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise WrongSetting("EMAIL_URL", "must be console or smtp://, smtp+tls:// or smtps:// with a host.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or DEFAULT_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 15,
    }
