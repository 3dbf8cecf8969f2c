"""Hints inside one process: they reach a group, and one that nobody takes is forgotten."""

from config.channel_layer import ProcessLayer


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
