"""What the site has to tell the person who looks at a page."""

from typing import Any

from django import template

from accounts.models import Announcement, Notice, User

register = template.Library()


@register.inclusion_tag("_banners.html", takes_context=True)
def banners(context: template.RequestContext, live: bool = False) -> dict[str, Any]:
    """Notices for them and announcements for all. ``live``: the page hears when there are others. Two queries."""
    user: Any = context.get("user")
    known = {"live": live, "path": context["request"].get_full_path(), "csrf_token": context.get("csrf_token")}
    if not isinstance(getattr(user, "_wrapped", user), User):
        return known
    return known | {"notices": Notice.objects.unread_by(user), "announcements": Announcement.objects.shown_to(user)}
