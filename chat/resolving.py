"""What a request names, looked up through the person: somebody else's is answered like a missing one."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from .models import Conversation, LanguageModel, Message
from .protocol import Generate, Refused

if TYPE_CHECKING:
    from accounts.models import User


def model_for(user: "User", name: str | None) -> LanguageModel:
    model = LanguageModel.objects.choose(user, name)
    if model is None:
        sentence = _("There is no model to answer.") if name is None else _("The model %s is not available.") % name
        raise Refused("model_unavailable", sentence, field="model" if name else None)
    return model


def parent_for(conversation: Conversation, request: Generate) -> Message | None:
    """The answer that the prompt follows; a prompt that replaces another one gets the same."""
    if request.edits:
        edited = conversation.messages.filter(pk=request.edits, role=Message.Role.USER).first()
        if edited is None:
            raise Refused("not_found", _("The message to edit does not exist."), field="edits")
        return edited.parent
    if request.parent_id is None:
        leaf = conversation.active_leaf_id
        return Message.objects.of(conversation, leaf) if leaf else None
    parent = Message.objects.of(conversation, request.parent_id)
    if parent is None:
        raise Refused("not_found", _("The message to follow does not exist."), field="parent_id")
    if parent.role != Message.Role.ASSISTANT:
        raise Refused("bad_request", _("A message can only follow an answer."), field="parent_id")
    return parent


def conversation_of(user: "User", pk: UUID) -> Conversation:
    conversation = Conversation.objects.of(user, pk)
    if conversation is None:
        raise Refused("not_found", _("This conversation does not exist."), field="conversation_id")
    return conversation


def message_of(user: "User", pk: UUID) -> Message:
    found = Message.objects.visible_to(user).select_related("conversation", "parent").filter(pk=pk).first()
    if found is None:
        raise Refused("not_found", _("This message does not exist."), field="message_id")
    return found
