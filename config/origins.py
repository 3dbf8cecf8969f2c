"""The site's full origins, from which hosts, CSRF, WebSocket origins and cookies follow."""

from urllib.parse import urlsplit

from .environment import Environment, WrongSetting

LOOPBACK_NAMES = ["127.0.0.1", "localhost"]
DEFAULT_PORTS = {"http": 80, "https": 443}


def site_url(environment: Environment, host: str, port: int) -> str:
    """``SITE_URL``, or where the server listens; every interface is reached as loopback."""
    listening = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)
    bracketed = f"[{listening}]" if ":" in listening else listening
    return origin("SITE_URL", environment.text("SITE_URL", f"http://{bracketed}:{port}"))


def allowed_origins(environment: Environment, site: str) -> list[str]:
    """The site's own origin first, then what people also type for a loopback one, then the extra ones."""
    extra = [origin("EXTRA_ORIGINS", value) for value in environment.items("EXTRA_ORIGINS")]
    return list(dict.fromkeys([site, *_loopback_twins(site), *extra]))


def hosts(origins: list[str]) -> list[str]:
    """Host names for ``ALLOWED_HOSTS``, IPv6 in brackets."""
    return list(dict.fromkeys(_host(origin) for origin in origins))


def origin(name: str, value: str) -> str:
    """Scheme, host and port as a browser writes them: lower case, no default port, no slash."""
    try:
        parts = urlsplit(value.rstrip("/"))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    extra = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in DEFAULT_PORTS or not _is_host(host) or extra or port == 0:
        raise WrongSetting(name, f"must be a full origin such as https://chat.example.org, not “{value}”.")
    shown_port = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{shown_port}"


def _is_host(host: str) -> bool:
    return bool(host) and host.isascii() and not set(host) & set(" *_,;'\"<>\\%")


def _host(value: str) -> str:
    host = urlsplit(value).hostname or ""
    return f"[{host}]" if ":" in host else host


def _loopback_twins(site: str) -> list[str]:
    host = _host(site)
    return [site.replace(host, name, 1) for name in LOOPBACK_NAMES] if host in [*LOOPBACK_NAMES, "[::1]"] else []
