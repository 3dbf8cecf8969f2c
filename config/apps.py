"""Django's admin, on this site's terms; with it come the site's own checks."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "config.admin_site.AdminSite"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)

        super().ready()
