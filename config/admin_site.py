"""The admin site: entered through the site's own sign-in and its limits."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

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

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Django's own pages load their scripts from this site, without a nonce."""
        return cast("View", csp_update(POLICY)(super().admin_view(view, cacheable)))
