"""Pages of the admin site that are not about one table: each has a name, a place in the sidebar and a permission."""

import dataclasses
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

SECTIONS = {
    "overview": _("Overview"),
    "people": _("People"),
    "models": _("Models"),
    "moderation": _("Moderation"),
    "site": _("Site"),
    "records": _("Records"),
}
PageView = Callable[..., HttpResponseBase]


@dataclasses.dataclass(frozen=True)
class AdminPage:
    """``path`` is under ``/admin/``, ``name`` in the ``admin`` namespace. Without a title it is not in the sidebar."""

    path: str
    name: str
    view: PageView
    title: Any
    section: str
    permission: str

    def guarded(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The view, for those who have the permission."""
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        return self.view(request, *args, **kwargs)


pages: list[AdminPage] = []


def admin_page(
    path: str, name: str, *, permission: str, title: Any = "", section: str = "overview"
) -> Callable[[PageView], PageView]:
    """Make a view a page of the admin site."""

    def register(view: PageView) -> PageView:
        pages.append(AdminPage(path, name, view, title, section, permission))
        return view

    return register


def render_page(
    request: HttpRequest, template: str, title: Any, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page with all that the admin site's own pages have around them."""
    around = admin.site.each_context(request) | {"title": title}
    return render(request, template, around | (context or {}), status=status)
