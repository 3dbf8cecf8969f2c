"""What every answer of the site wears, whatever it says: checked of each one that a test comes by."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from config.headers import HEADERS

FRAME = "/diagrams/"  # is held by our own pages, and has tests of its own


def policy_of(headers: Mapping[str, str]) -> dict[str, str]:
    rules = [rule.strip().partition(" ") for rule in headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, _space, sources in rules}


def lacking(headers: Mapping[str, str], path: str) -> list[str]:
    """What is missing of the headers that browsers need to be told."""
    found = [name for name, value in HEADERS.items() if headers.get(name) != value]
    if path.startswith("/static/"):
        return found
    if "no-store" not in headers.get("Cache-Control", ""):
        found.append("Cache-Control")
    policy = policy_of(headers) if "Content-Security-Policy" in headers else {}
    wanted = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'"}
    found += [name for name, sources in wanted.items() if policy.get(name) != sources]
    loose = ("'unsafe", "http:", "https:", "*")
    return found + [f"{name} {sources}" for name, sources in policy.items() if any(word in sources for word in loose)]


def protected(response: Any, path: str) -> None:
    if path == FRAME and response.status_code == HTTPStatus.OK:
        return
    missing = lacking(response.headers, path)
    assert not missing, (path, missing, dict(response.headers))
