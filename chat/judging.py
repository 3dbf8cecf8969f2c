"""What providers' moderation says of a prompt, before anything of it is stored, reserved or sent to a model."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from . import asking, refusals
from .database import in_database
from .models import ContentRule
from .moderating import rules
from .moderating.judging import judged
from .protocol import Ask, Refused

if TYPE_CHECKING:
    from accounts.models import User


async def refusal(user: "User", request: Ask) -> Refused | None:
    """Why this is not asked here; None when nobody minds. Raises Refused for what is refused anyway."""
    judges = (await rules.ain_force()).judges("prompts", block=True)
    if not judges:
        return None
    verdicts = await judged(judges, await in_database(asking.text_to_judge, user, request))
    met = [verdict.rule for verdict in verdicts if verdict.checked]
    if met:
        await in_database(ContentRule.objects.count_hits, [rule.id for rule in met])
        return refusals.ContentBlocked(met)
    if verdicts:
        sentence = _("This message was not sent: it could not be checked just now. Please try again later.")
        return Refused("upstream_failed", sentence, retryable=True)
    return None
