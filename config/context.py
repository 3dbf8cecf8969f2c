"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str | bool]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SIGNUP_IS_OPEN": settings.SIGNUP != "closed",
        "MAIL_IS_SET_UP": settings.MAIL_IS_SET_UP,
        "OTHER_SITES": bool(settings.SOCIALACCOUNT_PROVIDERS),
    }
