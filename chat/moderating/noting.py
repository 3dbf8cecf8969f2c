"""What content rules do that do not block: they count, tell the moderators, or warn the person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice
from chat.models import ContentRule, Message, Report

from .rules import Rule, in_force

if TYPE_CHECKING:
    from accounts.models import User


def note_prompt(user: "User", message: Message) -> None:
    """A prompt has been stored. Blocking."""
    note(user, message, in_force().prompts_noted.matching(message.text))


def note_answer(user: "User", message: Message, blocked: Rule | None) -> None:
    """An answer has ended and is stored; ``blocked`` is the rule that ended it. Blocking."""
    if blocked is not None:
        ContentRule.objects.count_hits([blocked.id])
    noted = in_force().answers_noted
    if noted.rules:
        note(user, message, noted.matching(f"{message.thinking}\n{message.text}"))


def note(user: "User", message: Message, met: Sequence[Rule]) -> None:
    """The message meets these rules. Blocking."""
    if met:
        _note(user, message, met)


@transaction.atomic
def _note(user: "User", message: Message, met: Sequence[Rule]) -> None:
    ContentRule.objects.count_hits(rule.id for rule in met)
    known = ContentRule.objects.in_bulk([rule.id for rule in met])
    for rule in met:
        if rule.action == ContentRule.Action.FLAG:
            Report.objects.flag(message, known.get(rule.id), rule.name)
        else:
            Notice.objects.tell(user, _("Please mind a rule of this site: {name}."), name=rule.name)
