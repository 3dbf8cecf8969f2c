"""A conversation as a person reads it: its active branch in Markdown."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from chat.models import Conversation, Message


def as_markdown(conversation: Conversation) -> str:
    """The title, then each message under who wrote it. Messages are Markdown already and stay as they are."""
    branch = conversation.branch()
    models = _models(conversation)
    written = formats.date_format(timezone.localtime(conversation.created_at), "DATETIME_FORMAT")
    parts = [f"# {' '.join(str(conversation).split())}", f"*{written}*"]
    for message in branch:
        parts += [f"## {_speaker(message, models)}", message.text.strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _models(conversation: Conversation) -> dict[object, str]:
    """Who wrote each answer; the last one when several wrote on it. One query."""
    from chat.models import Generation

    spoken = Generation.objects.filter(message__conversation=conversation).order_by("created_at")
    return dict(spoken.values_list("message_id", "model"))


def _speaker(message: Message, models: dict[object, str]) -> str:
    if message.role == Message.Role.USER:
        return _("You")
    return models.get(message.pk) or _("Assistant")
