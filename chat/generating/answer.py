"""What one generation has produced and used so far, from the provider's deltas."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

from django.utils import timezone

from chat.models import Generation
from chat.moderating.rules import Rule, RuleSet
from chat.moderating.screen import Passed, Screen
from chat.providers import Delta, Finish, Text, Thinking, Usage
from chat.token_estimate import TokenCounter

from .events import PIECE, TextEvent, text_events
from .log import GenerationLog

Kind = Literal["token", "thinking"]
TEXTS = (Text, Thinking)  # a union would be built anew for each token
ABSURD = 10  # a provider's count this many times ours, or as many times less, is not believed


class Measured(TypedDict):
    """Tokens used, as fields of the Generation and of its settlement."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    estimated: bool


class Answer:
    """Appends deltas to the log and counts what they cost."""

    def __init__(self, generation: Generation, log: GenerationLog) -> None:
        self._generation = generation
        self._log = log
        self._counter = TokenCounter()
        self._counter.add(log.thinking)
        self._counter.add(log.text)
        self._pieces = 0
        self.first_token_at = generation.first_token_at
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.blocked: Rule | None = None  # the content rule that ends the answer here
        self._screens: dict[Kind, Screen] = {}
        self._screened: Kind = "token"

    def screen(self, rules: RuleSet, text_before: str, thinking_before: str) -> None:
        """Show nothing from now on that these rules block, nor the beginning of it."""
        befores: dict[Kind, str] = {
            "token": text_before + self._log.text,
            "thinking": thinking_before + self._log.thinking,
        }
        screens = {kind: rules.screen(before) for kind, before in befores.items()}
        self._screens = {kind: screen for kind, screen in screens.items() if screen is not None}

    def take(self, batch: Sequence[Delta]) -> None:
        """One network read's deltas: neighbouring text becomes one event. Raises JournalError."""
        if len(batch) == 1 and type(delta := batch[0]) is Text and len(delta.text) <= PIECE and not self._screens:
            self._pieces += 1  # as nearly always
            self._append([TextEvent("token", delta.text)])
            return
        events: list[TextEvent] = []
        for kind, text in self._texts(batch):
            events += self._passed(kind, text) if self._screens else text_events(kind, text)
            if self.blocked:
                break
        if events:
            self._append(events)

    def let_go(self) -> None:
        """Nothing more comes: what was held back is shown after all, unless it is a match. Raises JournalError."""
        if self._screens and not self.blocked and (events := list(self._rest())):
            self._append(events)

    def _texts(self, batch: Sequence[Delta]) -> list[tuple[Kind, str]]:
        """Neighbouring text of one kind, joined; what else there is in the batch is remembered."""
        texts: list[tuple[Kind, list[str]]] = []
        for delta in batch:
            if isinstance(delta, TEXTS):
                kind: Kind = "token" if type(delta) is Text else "thinking"
                if not texts or texts[-1][0] != kind:
                    texts.append((kind, []))
                texts[-1][1].append(delta.text)
                self._pieces += 1
            elif isinstance(delta, Usage):
                self.usage = delta
            else:
                self.finish = delta
        return [(kind, "".join(pieces)) for kind, pieces in texts]

    def _passed(self, kind: Kind, text: str) -> Iterator[TextEvent]:
        """What of a text may be shown now; where the kind changes, the other's rest goes before it."""
        if kind != self._screened:
            yield from self._rest()
            self._screened = kind
        if not self.blocked:
            yield from self._judged(kind, self._screens[kind].feed(text))

    def _rest(self) -> Iterator[TextEvent]:
        yield from self._judged(self._screened, self._screens[self._screened].finish())

    def _judged(self, kind: Kind, passed: Passed) -> list[TextEvent]:
        self.blocked = passed.blocked
        if self.blocked:  # what nobody sees was written all the same
            self._counter.add(self._screens[kind].held)
        return text_events(kind, passed.text)

    def _append(self, events: list[TextEvent]) -> None:
        self._log.append(events)
        if self.first_token_at is None:
            self.first_token_at = timezone.now()
        for event in events:
            self._counter.add(event.text)

    @property
    def tokens(self) -> int:
        """Output tokens so far, by our own count."""
        return self._counter.tokens

    @property
    def empty(self) -> bool:
        """Whether the provider has neither sent nor counted anything."""
        return self._counter.tokens == 0 and self.usage is None

    @property
    def enough(self) -> bool:
        """Whether nothing more is to be shown of it."""
        return self.blocked is not None or self.over_limit

    @property
    def over_limit(self) -> bool:
        """Whether the provider has gone beyond the output that was reserved, beyond doubt.

        Our estimate alone is too high for some languages and would cut honest answers. A piece is a token or
        more, unless a gateway splits them: where both are over the limit it is reached.
        """
        limit = self._generation.max_output_tokens
        return self._counter.least > limit or (self._pieces > limit and self._counter.tokens > limit)

    def measured(self) -> Measured:
        """Tokens used: the provider's count where it can be believed, else ours."""
        # After a takeover the provider's count covers the second call only.
        usage = self.usage if self.usage and not self._generation.takeovers else Usage()
        return measured(usage, self._generation.input_tokens, self._counter.tokens)


def measured(usage: Usage, counted_in: int, counted_out: int) -> Measured:
    """The provider's count of a call where it can be believed, else our own."""
    known = _believable(usage.input_tokens, counted_in) and _believable(usage.output_tokens, counted_out)
    if not known:
        return {
            "input_tokens": counted_in,
            "output_tokens": counted_out,
            "cached_input_tokens": 0,
            "estimated": True,
        }
    assert usage.input_tokens is not None
    assert usage.output_tokens is not None
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": min(usage.cached_input_tokens or 0, usage.input_tokens),
        "estimated": False,
    }


def _believable(claimed: int | None, counted: int) -> bool:
    if claimed is None or claimed <= 0 < counted:
        return False
    return counted / ABSURD - 100 <= claimed <= counted * ABSURD + 1000
