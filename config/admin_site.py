"""The admin site: entered through the site's own sign-in and its limits, ordered by what people come to do."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse

from .admin_pages import SECTIONS, pages

POLICY = {"script-src": [SELF], "trusted-types": ["default"]}  # of static/js/admin_policy.js
# What allauth would show there: secrets of second factors and of other sites, and addresses of accounts.
KEPT_OUT = {"account", "mfa", "socialaccount", "usersessions"}
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class AdminSite(admin.AdminSite):
    site_header = site_title = settings.SITE_NAME
    index_title = ""
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        shown = [model for model in models if model._meta.app_label not in KEPT_OUT]  # noqa: SLF001 (public)
        super().register(shown, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def password_change(  # type: ignore[override]  # the stubs promise a template
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one page for that, with its limits."""
        return redirect("account_change_password")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Django's own pages load their scripts from this site, without a nonce."""
        return cast("View", csp_update(POLICY)(super().admin_view(view, cacheable)))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages that are not tables come first: Django's last address catches all."""
        own = [path(page.path, self.admin_view(page.guarded), name=page.name) for page in pages]
        return [*own, *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Tables and pages by section, as ``section`` of each ModelAdmin says; by app where one is asked for."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        sections: dict[str, list[dict[str, Any]]] = {key: [] for key in SECTIONS}
        for page in pages:
            if page.title and request.user.has_perm(page.permission):
                sections[page.section].append(_entry(page.title, reverse(f"admin:{page.name}")))
        for entry in (entry for app in apps for entry in app["models"]):
            sections[getattr(self._registry[entry["model"]], "section", "records")].append(entry)
        return [
            {"name": SECTIONS[key], "app_label": key, "app_url": "", "has_module_perms": True, "models": entries}
            for key, entries in sections.items()
            if entries
        ]


def _entry(title: Any, url: str) -> dict[str, Any]:
    """A page in the form in which Django lists a table."""
    return {"name": title, "object_name": "", "admin_url": url, "add_url": None, "view_only": True, "perms": {}}
