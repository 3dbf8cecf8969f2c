"""What providers' moderation says of an answer that has ended: it is taken away, reported, or its person warned."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Notice
from chat.database import in_database
from chat.models import ContentRule, Generation, HiddenMessage, Message
from chat.models.hidden_message import StillWritten

from . import noting, rules
from .judging import Verdict, judged

if TYPE_CHECKING:
    from accounts.models import User

TAKEN_AWAY = _("An answer was taken away: it breaks a rule of this site ({name}).")
NOT_CHECKED = _("An answer was taken away, because it could not be checked just now. Please ask again later.")


async def look_back(generation: Generation, message: Message) -> bool:
    """After the end: tell the moderators or the person what is found, or take the answer away. False: nothing found."""
    known = await rules.ain_force()
    answers, prompts = known.judges("answers", block=False), known.judges("prompts", block=False)
    blocking = known.judges("answers", block=True)
    if not (answers or prompts or blocking):
        return False
    user = generation.user
    verdicts = await judged(blocking + answers, f"{message.thinking}\n{message.text}")
    found = bool(verdicts)
    blocked = [verdict for verdict in verdicts if verdict.rule.action == ContentRule.Action.BLOCK]
    await in_database(noting.note, user, message, [one.rule for one in verdicts if one not in blocked])
    if blocked:
        await in_database(_take_away, user, message, blocked[0])
    if prompts and generation.continues_id is None and (prompt := await in_database(lambda: message.parent)):
        met = [verdict.rule for verdict in await judged(prompts, prompt.text)]
        await in_database(noting.note, user, prompt, met)
        found = found or bool(met)
    return found


@transaction.atomic
def _take_away(user: "User", message: Message, verdict: Verdict) -> None:
    """Hide it from everybody, as a moderator would; what goes on being written is looked at when it ends."""
    try:
        if not HiddenMessage.objects.hide(message, by=None):
            return
    except StillWritten:
        return
    if verdict.checked:
        ContentRule.objects.count_hits([verdict.rule.id])
    Notice.objects.tell(user, TAKEN_AWAY if verdict.checked else NOT_CHECKED, name=verdict.rule.name)
    AuditEntry.objects.record(None, "message.hidden", message, note=verdict.rule.name)
