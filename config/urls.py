"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from . import health, manifest

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("manifest.webmanifest", manifest.manifest, name="manifest"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("chat.urls")),
]
