"""Which messages a model gets to read: the newest that fit its context window, with room for the answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from django.utils.translation import gettext as _

from .models import LanguageModel, Message
from .models.message import Said
from .models.site_prompt import site_prompt
from .protocol import Refused
from .providers import Prompt, Turn
from .token_estimate import estimate_tokens

if TYPE_CHECKING:
    from accounts.models import User

TURN_OVERHEAD = 8  # tokens a provider spends on a turn's frame, rounded up
MIN_OUTPUT_TOKENS = 256  # an answer with less room than this is not worth asking for


class FittedPrompt(msgspec.Struct, frozen=True):
    """A prompt and what reading it is estimated to cost."""

    prompt: Prompt
    input_tokens: int


def system_prompt(user: "User") -> str:
    """What models are told before anything else: the site's words, then the person's own."""
    instructions = user.custom_instructions.strip()
    if not instructions:
        return site_prompt()
    return f"{site_prompt()}\n\nThe user wants you to know and to follow this:\n\n{instructions}".strip()


def fit(branch: Sequence[Said | Message], model: LanguageModel, system: str, *, prefix: str = "") -> FittedPrompt:
    """Fit a branch that ends with a user's message into the model's context window.

    ``prefix`` is the answer so far when it is to be continued. The last message and ``system`` always go along
    whole, and history gives way to the answer's room. Raises Refused with ``context_too_long`` when these two
    alone leave no room for an answer. Sizes are estimated tokens.
    """
    turns = _turns(branch, prefix)
    system = "\n\n".join(words for words in (system, model.system_prompt.strip()) if words)
    needed_from = len(turns) - (2 if prefix else 1)
    costs = [estimate_tokens(turn.text) + TURN_OVERHEAD for turn in turns]
    fixed = sum(costs[needed_from:]) + (estimate_tokens(system) + TURN_OVERHEAD if system else 0)
    free = model.context_window - fixed
    if free < min(MIN_OUTPUT_TOKENS, model.max_output_tokens):
        sentence = _("This message is too long for %(model)s: it does not fit its context window.")
        raise Refused("context_too_long", sentence % {"model": model})
    output = min(model.max_output_tokens, free)
    first = _first_kept(turns[:needed_from], costs[:needed_from], free - output)
    joined = _joined(turns[first:])
    prompt = Prompt(
        model=model.name,
        system=system,
        turns=joined,
        stable_turns=max(len(joined) - (2 if prefix else 1), 0),
        max_output_tokens=output,
        temperature=model.temperature,
    )
    return FittedPrompt(prompt, fixed + sum(costs[first:needed_from]))


def _turns(branch: Sequence[Said | Message], prefix: str) -> list[Turn]:
    """The branch as turns, one for each message, from the first of the user's; answers that stayed empty left out."""
    turns: list[Turn] = []
    for message in branch:
        role: Literal["user", "assistant"] = "assistant" if message.role == Message.Role.ASSISTANT else "user"
        if message.text.strip() and (turns or role == "user"):
            turns.append(Turn(role, message.text))
    return [*turns, Turn("assistant", prefix)] if prefix else turns


def _joined(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Turns that alternate: where an answer is missing, what was asked before and after it becomes one."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = Turn(turn.role, f"{joined[-1].text}\n\n{turn.text}")
        else:
            joined.append(turn)
    return tuple(joined)


def _first_kept(turns: Sequence[Turn], costs: Sequence[int], room: int) -> int:
    """The index of the first turn of the history that goes along.

    History is dropped in quarters of the room, not turn by turn: so the beginning of what is sent
    stays the same for many exchanges, and the provider's cache keeps matching it.
    """
    excess = sum(costs) - room
    if excess <= 0:
        return 0
    step = max(room // 4, 1)
    to_drop = -(-excess // step) * step
    first = dropped = 0
    while first < len(turns) and (dropped < to_drop or turns[first].role != "user"):
        dropped += costs[first]
        first += 1
    return first
