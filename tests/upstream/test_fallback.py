"""Who answers in place of a model that cannot."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.live.client import Frame, SocketClient, open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.upstream.answers import accounted_for, answered, chain


@pytest.mark.parametrize(
    "failure", [{"status": 529}, {"status": 500}, {"ending": "hang_up"}, {"header_delay_s": 60}], ids=str
)
async def test_the_next_model_answers_in_its_own_name(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, failure: dict[str, Any]
) -> None:
    provider.script(model="first", **failure)
    script = provider.script(tokens=10, model="second")
    reader = await answered(hasty, socket, model="first")
    starts = [frame for frame in socket.frames if frame["type"] == "ai:start"]
    assert [(frame["model"], frame["epoch"], frame["after"]) for frame in starts] == [("first", 1, 0), ("second", 2, 0)]
    assert (reader.text, reader.status, reader.epoch) == (script.text, "completed", 2)
    # A call whose connection turns out to be closed is made again on a new one.
    assert [recording.model for recording in provider.requests] in [["first", "second"], ["first", "first", "second"]]


async def test_the_whole_chain_is_tried_and_the_last_is_asked_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=503)
    reader = await answered(hasty, socket, model="first")
    assert reader.status == "upstream_overloaded"
    assert [recording.model for recording in provider.requests] == ["first", "second", "third", "third", "third"]
    assert reader.start
    assert reader.start["model"] == "third"


async def test_a_refusal_that_another_model_would_not_mend_is_final(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=401)
    reader = await answered(hasty, socket, model="first")
    assert (reader.status, len(provider.requests)) == ("upstream_auth", 1)


async def test_nobody_else_goes_on_with_an_answer_that_was_begun(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(tokens=20, ending="overload", after=5, model="first")
    reader = await answered(hasty, socket, model="first")
    assert [recording.model for recording in provider.requests] == ["first"]
    assert reader.text == provider.requests[0].text


async def test_who_comes_later_sees_one_start_of_the_model_that_speaks(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=529, model="first")
    provider.script(tokens=100, rate=100, model="second")
    reader = await socket.generate("Tell me", model="first")
    await socket.until(lambda: len(reader.text) > 20)
    async with signed_in(hasty) as late:
        await late.send("ai:resume", request_id=reader.request_id, after=3, epoch=1)
        other = await late.ended(late.reader(reader.request_id))
    await accounted_for(hasty, socket, await socket.ended(reader))
    assert other.start
    assert (other.start["model"], other.starts, other.text) == ("second", 1, reader.text)


async def test_an_answer_that_a_fallback_began_is_taken_over_by_it_alone(
    start_server: Callable[..., LiveServer], upstream: ProviderServer
) -> None:
    """The model that failed before works again: what was seen stays, and who spoke goes on."""
    upstream.reset()
    server = start_server(OPENAI_BASE_URL=upstream.openai_url, OPENAI_MODELS="first,second", DEFAULT_MODEL="first")
    chain(server, "first", "second")
    upstream.script(status=529, model="first")
    script = upstream.script(tokens=60, rate=100, model="second")
    socket = await open_socket(server)
    reader = await socket.generate("Tell me")
    await socket.until(lambda: len(reader.text) > 40)
    server.kill()
    socket.cut()
    upstream.script(tokens=("wrong",), model="first")
    server.start()
    socket = await open_socket(server, readers=socket.readers)
    await socket.send(**{"type_": "ai:resume", **_without_type(reader.resume_frame())})
    await socket.ended(reader)
    await socket.close()
    assert (reader.text, reader.status, reader.gaps) == (script.text, "completed", 0)
    assert reader.start
    assert (reader.start["model"], reader.epoch) == ("second", 2)
    assert [recording.model for recording in upstream.requests] == ["first", "second", "second"]


def _without_type(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name != "type"}


async def test_a_fallback_that_is_too_small_is_passed_over(
    start_server: Callable[..., LiveServer], upstream: ProviderServer
) -> None:
    upstream.reset()
    server = start_server(OPENAI_BASE_URL=upstream.openai_url, OPENAI_MODELS="first,small,third", DEFAULT_MODEL="first")
    chain(server, "first", "small", "third")
    server.execute("UPDATE chat_languagemodel SET context_window = 300 WHERE name = 'small'")
    upstream.script(status=529, model="first")
    socket = await open_socket(server)
    reader = await socket.ended(await socket.generate("words " * 300))
    await socket.close()
    assert reader.status == "completed"
    assert reader.start
    assert reader.start["model"] == "third"
