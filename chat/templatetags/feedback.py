"""What people say of messages: whose feedback a page shows, and why something may be reported."""

from django import template

from chat.models import Message, Report

register = template.Library()


@register.filter
def feedback_of(message: Message | None, user: object) -> str:
    """``good``, ``bad`` or empty; from what was prefetched."""
    given = message.feedback.all() if message else ()
    return next((one.value for one in given if one.user_id == getattr(user, "pk", None)), "")


@register.simple_tag
def report_reasons() -> list[tuple[str, str]]:
    return Report.Reason.given()
