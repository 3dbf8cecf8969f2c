"""What a page says once, on the next page: kept in a cookie that no other host of the domain can set."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class OwnCookie(CookieStorage):
    cookie_name = "__Host-messages" if settings.HTTPS else "messages"


class Messages(FallbackStorage):
    """In the session when it is too long for a cookie."""

    storage_classes = (OwnCookie, SessionStorage)
