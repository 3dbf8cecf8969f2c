"""Whose feedback a page shows: that of whoever looks at it."""

from django import template

from chat.models import Message

register = template.Library()


@register.filter
def feedback_of(message: Message | None, user: object) -> str:
    """``good``, ``bad`` or empty; from what was prefetched."""
    given = message.feedback.all() if message else ()
    return next((one.value for one in given if one.user_id == getattr(user, "pk", None)), "")
