"""From a request to a stored generation: checks it, creates its messages, reserves its tokens, all or nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import budgets
from accounts.costs import Prices
from accounts.rate_limits import RateLimited, limiter

from . import measuring
from .models import ContentRule, Conversation, Generation, LanguageModel, Message, Pause
from .models.generation import new_lease
from .moderating import noting, rules
from .prompting import fit, system_prompt
from .protocol import Ask, Continue, Generate, Refused, Regenerate

if TYPE_CHECKING:
    from accounts.models import User


MINUTE_S = 60.0
PAUSE_RETRY_S = 30.0
TRIES_PER_MESSAGE = 10  # requests that are refused cost something, too


class ContentBlocked(Refused):
    """These rules say that it is not asked here."""

    def __init__(self, rules_: Sequence[rules.Rule]) -> None:
        names = ", ".join(rule.name for rule in rules_)
        sentence = _("This message was not sent: it breaks a rule of this site (%(names)s).") % {"names": names}
        super().__init__("content_blocked", sentence, field="prompt")
        self.rules = rules_


class Asked(msgspec.Struct, frozen=True):
    """What a request led to. ``created`` is false when the same request came before: there is nothing to run.

    ``follows`` is the generation that must end first, and ``opened`` says that the conversation is new.
    """

    generation: Generation
    created: bool
    follows: Generation | None = None
    opened: bool = False


def ask(user: "User", request: Ask, refusal: Refused | None = None) -> Asked:
    """Store a request. Raises Refused, and then nothing has changed. Blocking: one transaction.

    ``refusal``: why nothing new can be taken at the moment; like a rate limit it never meets a repeated request.
    """
    refusal = refusal or _too_often(user)
    if refusal is not None:
        before = find(user, request.request_id)
        if before is None:
            raise refusal
        return Asked(before, created=False)
    try:
        with transaction.atomic():
            return _ask_once(user, request)
    except ContentBlocked as blocked:
        ContentRule.objects.count_hits(rule.id for rule in blocked.rules)
        raise
    except IntegrityError:
        if before := find(user, request.request_id):  # the same one came twice at once
            return Asked(before, created=False)
        raise


def _ask_once(user: "User", request: Ask) -> Asked:
    before = find(user, request.request_id)
    if before is not None:
        return Asked(before, created=False)
    user.refresh_preferences(lock=True)  # one request of a person at a time, or two could follow the same message
    if user.suspended:
        raise _suspension(user)
    if pause := Pause.objects.current():
        raise Refused("model_unavailable", pause.sentence, retryable=True, retry_after_s=PAUSE_RETRY_S)
    asked = _create(user, request)
    # Last, so that only what is created counts.
    if limited := limiter.hit(f"messages:{user.pk}", settings.MESSAGES_PER_MINUTE, MINUTE_S):
        raise _rate_refusal(limited)
    return asked


def _suspension(user: "User") -> Refused:
    """What somebody is told whom a moderator has suspended."""
    assert user.suspended_until is not None
    until = date_format(timezone.localtime(user.suspended_until, user.zone), "DATETIME_FORMAT")
    sentence = _("A moderator has suspended you: you cannot ask for answers until %(time)s.") % {"time": until}
    return Refused("forbidden", f"{sentence} {user.suspended_because}".strip())


def _create(user: "User", request: Ask) -> Asked:
    match request:
        case Generate():
            return _generate(user, request)
        case Regenerate():
            return _regenerate(user, request)
        case Continue():
            return _continue(user, request)


def _too_often(user: "User") -> Refused | None:
    """Whether this is a message or a try too many, found out without a transaction."""
    most = settings.MESSAGES_PER_MINUTE
    limited = limiter.look(f"messages:{user.pk}", most, MINUTE_S)
    limited = limited or limiter.hit(f"tries:{user.pk}", TRIES_PER_MESSAGE * most, MINUTE_S)
    return _rate_refusal(limited) if limited else None


def _rate_refusal(limited: RateLimited) -> Refused:
    sentence = _("You can send %(count)d messages a minute. Please try again in %(seconds)s s.") % {
        "count": settings.MESSAGES_PER_MINUTE,
        "seconds": limited.retry_after_header,
    }
    return Refused("rate_limited", sentence, retryable=True, retry_after_s=limited.retry_after_s)


def find(user: "User", request_id: UUID) -> Generation | None:
    """The generation that this very request led to when it came before."""
    known = user.generations.filter(request_id=request_id)
    pk = known.values_list("pk", flat=True).first()  # hardly ever there: asking for all of it costs five times that
    return known.select_related("message", "continues").get() if pk else None


def _generate(user: "User", request: Generate) -> Asked:
    model = _model(user, request.model)
    opened = request.conversation_id is None
    if request.conversation_id is None:
        if request.parent_id or request.edits:
            raise Refused("bad_request", _("A new conversation has no message to follow."), field="parent_id")
        conversation = Conversation.objects.begin(user, request.prompt)
    else:
        conversation = _conversation(user, request.conversation_id)
    parent = _parent(conversation, request)
    prompt = Message.objects.create(
        conversation=conversation, parent=parent, role=Message.Role.USER, text=request.prompt
    )
    asked = _queue(user, request, model, prompt, opened=opened)
    noting.note_prompt(user, prompt)
    return asked


def _regenerate(user: "User", request: Regenerate) -> Asked:
    message = _message(user, request.message_id)
    prompt = message if message.role == Message.Role.USER else message.parent
    if prompt is None:
        raise Refused("not_found", _("There is no question that this message answers."))
    last = message.last_generation
    same = LanguageModel.objects.choose(user, last.model) if last and not request.model else None
    return _queue(user, request, same or _model(user, request.model), prompt)


def _continue(user: "User", request: Continue) -> Asked:
    message = _message(user, request.message_id)
    last = message.last_generation
    if last is None:
        raise Refused("bad_request", _("Only an answer can be continued."), field="message_id")
    if message.hidden_at:
        raise Refused("conflict", _("A moderator has hidden this message."))
    if last.active:
        raise Refused("conflict", _("This answer is still being written."), retryable=True)
    if last.status == Generation.Status.COMPLETED:
        raise Refused("conflict", _("This answer is complete."))
    same = LanguageModel.objects.choose(user, last.language_model.name) if last.language_model else None
    return _reserve_and_create(user, request, same or _model(user, None), message, continues=last)


def _let_through(prompt: Message) -> None:
    """Raises Refused when a moderator has hidden it, or a content rule says that this is not asked here."""
    if prompt.hidden_at:
        raise Refused("conflict", _("A moderator has hidden this message."))
    blocking = rules.in_force().prompts_blocked.matching(prompt.text)
    if blocking:
        raise ContentBlocked(blocking)


def _queue(
    user: "User", request: Generate | Regenerate, model: LanguageModel, prompt: Message, *, opened: bool = False
) -> Asked:
    """An empty answer to the prompt, and the generation that will write it."""
    _let_through(prompt)
    answer = Message.objects.create(conversation=prompt.conversation, parent=prompt, role=Message.Role.ASSISTANT)
    prompt.conversation.touch(answer)
    return _reserve_and_create(user, request, model, answer, opened=opened)


def _reserve_and_create(
    user: "User",
    request: Ask,
    model: LanguageModel,
    answer: Message,
    *,
    continues: Generation | None = None,
    opened: bool = False,
) -> Asked:
    prompt = answer.parent
    assert prompt is not None  # an answer always has one
    follows = prompt.parent.active_generation if prompt.parent else None
    fitted = fit(answer.conversation.branch(prompt), model, system_prompt(user), prefix=answer.text)
    # What the answer before it will hold is not known yet, only how much that is at most.
    input_tokens = fitted.input_tokens + (follows.max_output_tokens if follows else 0)
    generation = Generation(
        user=user,
        request_id=request.request_id,
        message=answer,
        continues=continues,
        language_model=model,
        model=model.name,
        text_start=len(answer.text),
        thinking_start=len(answer.thinking),
        input_tokens=input_tokens,
        allow_fallback=getattr(request, "allow_fallback", True),
        lease_expires_at=new_lease(),  # of the process that stores it, and will run it
    )
    generation.max_output_tokens = _reserve(generation, model, fitted.prompt.max_output_tokens)
    generation.save(force_insert=True)
    return Asked(generation, created=True, follows=follows, opened=opened)


def _reserve(generation: Generation, model: LanguageModel, max_output_tokens: int) -> int:
    """Hold what the generation may use, at the price of the dearest model that may answer; the output granted."""
    chain = model.chain() if generation.allow_fallback else [model]
    try:
        reservation = budgets.reserve(
            generation.user,
            generation.pk,
            input_tokens=generation.input_tokens,
            max_output_tokens=max_output_tokens,
            prices=Prices.highest(each.prices for each in chain),
        )
    except budgets.BudgetExhausted as exhausted:
        raise budget_refusal(exhausted.status) from None
    except budgets.CostExhausted as exhausted:
        raise cost_refusal(exhausted.resets_at) from None
    return reservation.max_output_tokens


def budget_refusal(status: budgets.BudgetStatus) -> Refused:
    """What a person is told whose budget does not allow what they ask for."""
    measuring.BUDGET_REFUSALS.add()
    sentence = _("Your token budget for today is used up. It resets at %(time)s.") % {
        "time": f"{status.resets_at:%H:%M}"
    }
    return Refused("budget_exhausted", sentence, retry_after_s=(status.resets_at - timezone.now()).total_seconds())


def cost_refusal(resets_at: datetime) -> Refused:
    """What a person is told whose group, or whose site, has spent its money."""
    measuring.BUDGET_REFUSALS.add()
    sentence = _("The cost limit for this month is used up. It resets on %(date)s.") % {
        "date": date_format(resets_at, "DATE_FORMAT")
    }
    return Refused("budget_exhausted", sentence, retry_after_s=(resets_at - timezone.now()).total_seconds())


def _model(user: "User", name: str | None) -> LanguageModel:
    model = LanguageModel.objects.choose(user, name)
    if model is None:
        sentence = _("There is no model to answer.") if name is None else _("The model %s is not available.") % name
        raise Refused("model_unavailable", sentence, field="model" if name else None)
    return model


def _parent(conversation: Conversation, request: Generate) -> Message | None:
    """The answer that the prompt follows; a prompt that replaces another one gets the same."""
    if request.edits:
        edited = conversation.messages.filter(pk=request.edits, role=Message.Role.USER).first()
        if edited is None:
            raise Refused("not_found", _("The message to edit does not exist."), field="edits")
        return edited.parent
    if request.parent_id is None:
        return conversation.active_leaf
    parent = conversation.messages.filter(pk=request.parent_id).first()
    if parent is None:
        raise Refused("not_found", _("The message to follow does not exist."), field="parent_id")
    if parent.role != Message.Role.ASSISTANT:
        raise Refused("bad_request", _("A message can only follow an answer."), field="parent_id")
    return parent


def _conversation(user: "User", pk: UUID) -> Conversation:
    conversation = Conversation.objects.visible_to(user).filter(pk=pk).first()
    if conversation is None:
        raise Refused("not_found", _("This conversation does not exist."), field="conversation_id")
    return conversation


def _message(user: "User", pk: UUID) -> Message:
    found = Message.objects.visible_to(user).select_related("conversation", "parent").filter(pk=pk).first()
    if found is None:
        raise Refused("not_found", _("This message does not exist."), field="message_id")
    return found
