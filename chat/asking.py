"""From a request to a stored generation: checks it, creates its messages, reserves its tokens, all or nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import budgets
from accounts.costs import Prices
from accounts.rate_limits import limiter

from . import refusals, resolving
from .generating.groundwork import Groundwork
from .models import ContentRule, Conversation, Generation, LanguageModel, Message, Pause
from .models.generation import new_lease
from .models.provider_limit import rates_of
from .moderating import noting, rules
from .prompting import fit, system_prompt
from .protocol import Ask, Continue, Generate, Refused, Regenerate

if TYPE_CHECKING:
    from accounts.models import User


MINUTE_S = 60.0
PAUSE_RETRY_S = 30.0
TRIES_PER_MESSAGE = 10  # requests that are refused cost something, too


class Asked(msgspec.Struct, frozen=True):
    """What a request led to. ``created`` is false when the same request came before: there is nothing to run.

    ``follows`` is the generation that must end first, ``ground`` is for its runner, and ``opened`` says that the
    conversation is new.
    """

    generation: Generation
    created: bool
    follows: Generation | None = None
    ground: Groundwork | None = None
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
    except refusals.ContentBlocked as blocked:
        ContentRule.objects.count_hits(rule.id for rule in blocked.rules)
        raise
    except IntegrityError:
        if before := find(user, request.request_id):  # the same one came twice at once
            return Asked(before, created=False)
        raise


def text_to_judge(user: "User", request: Ask) -> str:
    """The prompt of a request that is new; empty for one that came before. Raises Refused. Blocking."""
    if find(user, request.request_id) or isinstance(request, Continue):
        return ""
    if refusal := _too_often(user):
        raise refusal
    if isinstance(request, Generate):
        return request.prompt
    message = resolving.message_of(user, request.message_id)
    prompt = message if message.role == Message.Role.USER else message.parent
    return prompt.text if prompt else ""


def _ask_once(user: "User", request: Ask) -> Asked:
    before = find(user, request.request_id)
    if before is not None:
        return Asked(before, created=False)
    user.refresh_preferences(lock=True)  # one request of a person at a time, or two could follow the same message
    if user.suspended:
        raise refusals.suspension(user)
    if pause := Pause.objects.current():
        raise Refused("model_unavailable", pause.sentence, retryable=True, retry_after_s=PAUSE_RETRY_S)
    asked = _create(user, request)
    # Last, so that only what is created counts.
    if limited := limiter.hit(f"messages:{user.pk}", settings.MESSAGES_PER_MINUTE, MINUTE_S):
        raise refusals.rate_refusal(limited)
    return asked


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
    return refusals.rate_refusal(limited) if limited else None


def find(user: "User", request_id: UUID) -> Generation | None:
    """The generation that this very request led to when it came before."""
    return Generation.objects.led_to(user, request_id)


def _generate(user: "User", request: Generate) -> Asked:
    model = resolving.model_for(user, request.model)
    opened = request.conversation_id is None
    if request.conversation_id is None:
        if request.parent_id or request.edits:
            raise Refused("bad_request", _("A new conversation has no message to follow."), field="parent_id")
        conversation = Conversation.objects.begin(user, request.prompt)
    else:
        conversation = resolving.conversation_of(user, request.conversation_id)
    parent = resolving.parent_for(conversation, request)
    prompt = Message(conversation=conversation, parent=parent, role=Message.Role.USER, text=request.prompt)
    asked = _queue(user, request, model, prompt, opened=opened)
    noting.note_prompt(user, prompt)
    return asked


def _regenerate(user: "User", request: Regenerate) -> Asked:
    message = resolving.message_of(user, request.message_id)
    prompt = message if message.role == Message.Role.USER else message.parent
    if prompt is None:
        raise Refused("not_found", _("There is no question that this message answers."))
    last = message.last_generation
    same = LanguageModel.objects.choose(user, last.model) if last and not request.model else None
    return _queue(user, request, same or resolving.model_for(user, request.model), prompt)


def _continue(user: "User", request: Continue) -> Asked:
    message = resolving.message_of(user, request.message_id)
    last = message.last_generation
    if last is None:
        raise Refused("bad_request", _("Only an answer can be continued."), field="message_id")
    if message.hidden_at:
        raise Refused("conflict", _("A moderator has hidden this message."))
    if last.active:
        raise Refused("conflict", _("This answer is still being written."), retryable=True)
    if last.status == Generation.Status.COMPLETED:
        raise Refused("conflict", _("This answer is complete."))
    wrote = last.language_model.name if last.language_model and not request.model else None
    same = LanguageModel.objects.choose(user, wrote) if wrote else None
    return _reserve_and_create(user, request, same or resolving.model_for(user, request.model), message, continues=last)


def _let_through(prompt: Message) -> None:
    """Raises Refused when a moderator has hidden it, or a content rule says that this is not asked here."""
    if prompt.hidden_at:
        raise Refused("conflict", _("A moderator has hidden this message."))
    blocking = rules.in_force().prompts_blocked.matching(prompt.text)
    if blocking:
        raise refusals.ContentBlocked(blocking)


def _queue(
    user: "User", request: Generate | Regenerate, model: LanguageModel, prompt: Message, *, opened: bool = False
) -> Asked:
    """An empty answer to the prompt, and the generation that will write it."""
    _let_through(prompt)
    answer = Message(conversation=prompt.conversation, parent=prompt, role=Message.Role.ASSISTANT)
    asked_now = isinstance(request, Generate)
    prompt.conversation.grow(*([prompt] if asked_now else []), answer)
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
    branch = prompt.branch()
    fitted = fit(branch, model, system_prompt(user), prefix=answer.text)
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
    chain = model.chain() if generation.allow_fallback else [model]
    generation.max_output_tokens = _reserve(generation, chain, fitted.prompt.max_output_tokens)
    generation.store()
    ground = Groundwork(chain, rates_of(chain))
    if follows is None:
        ground = msgspec.structs.replace(ground, branch=branch, prompt=fitted.prompt, alone=True)
    return Asked(generation, created=True, follows=follows, ground=ground, opened=opened)


def _reserve(generation: Generation, chain: Sequence[LanguageModel], max_output_tokens: int) -> int:
    """Hold what the generation may use, at the price of the dearest model that may answer; the output granted."""
    try:
        reservation = budgets.reserve(
            generation.user,
            generation.pk,
            input_tokens=generation.input_tokens,
            max_output_tokens=max_output_tokens,
            prices=Prices.highest(each.prices for each in chain),
        )
    except budgets.BudgetExhausted as exhausted:
        raise refusals.budget_refusal(exhausted.status) from None
    except budgets.CostExhausted as exhausted:
        raise refusals.cost_refusal(exhausted.resets_at) from None
    return reservation.max_output_tokens
