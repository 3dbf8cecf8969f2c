"""A generation's place in the queue, then the slot that it holds while it is answered."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from chat.models import LanguageModel
from chat.models.rates import Rates

from .gauge import Call

if TYPE_CHECKING:
    from .admission import Admission


class Ticket:
    """One generation's place in the queue; with a slot it stays there until the site has room for it, too.

    ``choices``: the models that may answer, the wanted one first. ``moved`` is told each new position, from 1.
    """

    def __init__(
        self, user_id: UUID, choices: Sequence[LanguageModel], tokens: int, moved: Callable[[int], None]
    ) -> None:
        self.user_id = user_id
        self.choices = choices
        self.tokens = tokens
        self.moved = moved
        self.position: int | None = None
        self.wait()

    def wait(self) -> None:
        """For a slot, at first or again."""
        self.admitted: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()

    @property
    def slot(self) -> "Slot | None":
        """What it was given, if it was."""
        return self.admitted.result() if self.admitted.done() and not self.admitted.cancelled() else None


class Slot:
    """What an admitted generation holds: its place at a model and at that model's provider."""

    def __init__(self, admission: "Admission", model: LanguageModel, tokens: int) -> None:
        self._admission = admission
        self.tokens = tokens
        self._take(model)

    @property
    def rates(self) -> Mapping[str, Rates | None]:
        """The limits of the model and of its provider, by name, as this process knows them."""
        return {name: gauge.rates for name, gauge in zip(self.model.gauged_as, self._gauges, strict=True)}

    def switch(self, model: LanguageModel) -> bool:
        """Go to another model, if there is room for one more."""
        if self._admission.opens_at(model, self.tokens) > asyncio.get_running_loop().time():
            return False
        self.go_to(model)
        return True

    def go_to(self, model: LanguageModel) -> None:
        """Whether or not there is room: back to one that was left a moment ago."""
        self.leave()
        self._take(model)
        self._admission.admit()

    def close(self, seconds: float) -> None:
        """The provider asks for a pause: nobody asks this model before it is over."""
        self._admission.close(self.model, seconds)

    def used(self, tokens: int) -> None:
        """What the call took, where only what it might take was known."""
        self._call.tokens = tokens

    def leave(self) -> None:
        for gauge in self._gauges:
            gauge.leave()

    def give_back(self) -> None:
        """As though it had never been taken: there was no call."""
        for gauge in self._gauges:
            gauge.give_back(self._call)

    def _take(self, model: LanguageModel) -> None:
        self.model = model
        self._call = Call(asyncio.get_running_loop().time(), self.tokens)
        self._gauges = self._admission.gauges(model)
        for gauge in self._gauges:
            gauge.take(self._call)
