"""Every address of the site, as the URL configuration has them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Route(NamedTuple):
    """``path`` as written in the URL configuration; ``open`` when nobody has to be signed in for it."""

    path: str
    name: str
    open: bool
    objects: frozenset[str]

    @property
    def in_admin(self) -> bool:
        return self.path.startswith("admin/")

    @property
    def in_api(self) -> bool:
        return self.path.startswith(("api/", "v1/"))


def routes() -> list[Route]:
    return list(_walk(get_resolver()))


def _walk(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, path)
        elif isinstance(pattern, URLPattern):
            view: Any = pattern.callback
            named = frozenset(pattern.pattern.converters) | frozenset(pattern.pattern.regex.groupindex)
            yield Route(path, pattern.name or "", not getattr(view, "login_required", True), named)
