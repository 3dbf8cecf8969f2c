"""Hints inside one process: they reach a group, and one that nobody takes is forgotten."""

import asyncio
from typing import Any

from config.channel_layer import ProcessLayer


class Ear:
    """Notes what it hears; a deaf one fails."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.heard: list[str] = []
        self.deaf = deaf

    def hear(self, hint: dict[str, Any]) -> None:
        if self.deaf:
            raise ValueError("what?")
        self.heard.append(hint["type"])


async def test_an_ear_is_told_at_once_what_its_groups_are_told() -> None:
    layer, one, two = ProcessLayer(), Ear(), Ear()
    layer.listen_to("room", one)
    layer.listen_to("room", one)
    layer.listen_to("hall", two)
    await layer.group_send("room", {"type": "hint"})
    assert (one.heard, two.heard) == (["hint"], [])
    layer.stop_listening("room", one)
    layer.stop_listening("room", two)
    await layer.group_send("room", {"type": "hint"})
    assert one.heard == ["hint"]


async def test_one_that_cannot_take_a_hint_keeps_it_from_nobody() -> None:
    layer, one, other = ProcessLayer(), Ear(), Ear()
    for ear in (Ear(deaf=True), one, Ear(deaf=True), other):
        layer.listen_to("room", ear)
    await layer.group_send("room", {"type": "hint"})
    assert one.heard == other.heard == ["hint"]


async def test_what_another_thread_says_is_told_in_the_loop_of_the_ears() -> None:
    layer, ear = ProcessLayer(), Ear()
    layer.listen_to("room", ear)
    await asyncio.to_thread(asyncio.run, layer.group_send("room", {"type": "hint"}))
    async with asyncio.timeout(20):
        while not ear.heard:
            await asyncio.sleep(0.01)


async def test_a_hint_reaches_the_whole_group_and_nobody_else() -> None:
    layer = ProcessLayer()
    await layer.group_add("room", "specific.one")
    await layer.group_add("room", "specific.two")
    await layer.group_add("hall", "specific.three")
    await layer.group_send("room", {"type": "hint"})
    assert await layer.receive("specific.one") == {"type": "hint"}
    assert await layer.receive("specific.two") == {"type": "hint"}
    assert "specific.three" not in layer.channels


async def test_a_full_channel_does_not_keep_hints_from_others() -> None:
    layer = ProcessLayer(capacity=1)
    await layer.group_add("room", "specific.full")
    await layer.group_add("room", "specific.free")
    await layer.send("specific.full", {"type": "first"})
    await layer.group_send("room", {"type": "hint"})
    assert await layer.receive("specific.full") == {"type": "first"}
    assert await layer.receive("specific.free") == {"type": "hint"}


async def test_what_expired_is_forgotten() -> None:
    layer = ProcessLayer(expiry=-1)
    await layer.send("specific.gone", {"type": "old"})
    await layer.group_send("nobody", {"type": "hint"})
    assert layer.channels["specific.gone"].empty()
