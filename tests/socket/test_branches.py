"""What follows what over the socket: branches, waiting prompts, other answers, more of an answer."""

from tests.live.client import new_id, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


async def test_two_branches_stream_at_once(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        root = await socket.ended(await socket.generate("Root"))
        assert root.start
        provider.script(tokens=40, rate=100)
        follow = {"conversation_id": root.start["conversation_id"], "parent_id": root.start["message_id"]}
        left, right = await socket.generate("Left", **follow), await socket.generate("Right", **follow)
        await socket.until(lambda: left.text and right.text and not left.end and not right.end)
        await socket.ended(left)
        await socket.ended(right)
        assert left.start and right.start
        assert left.start["parent_id"] != right.start["parent_id"]


async def test_a_prompt_that_follows_a_running_answer_waits_for_its_end(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=20, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate("First")
        await socket.until(lambda: first.text)
        assert first.start
        second = await socket.generate("Second", conversation_id=first.start["conversation_id"])
        queued = await socket.frame("ai:queued", request_id=second.request_id)
        assert queued["position"] == 0
        await socket.ended(second)
        assert first.end is not None
        assert len(provider.requests) == 2
        turns = [turn["content"] for turn in provider.requests[1].body["messages"] if turn["role"] != "system"]
        assert turns == ["First", first.text, "Second"]


async def test_a_waiting_prompt_can_be_cancelled(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate("First")
        await socket.until(lambda: first.text)
        assert first.start
        second = await socket.generate("Second", conversation_id=first.start["conversation_id"])
        await socket.frame("ai:queued", request_id=second.request_id)
        await socket.send("ai:cancel", request_id=second.request_id)
        await socket.ended(second)
        assert (second.status, second.text) == ("cancelled", "")
        await socket.send("ai:cancel", request_id=first.request_id)
        await socket.ended(first)
        assert len(provider.requests) == 1


async def test_regenerate_makes_a_sibling(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        first = await socket.ended(await socket.generate("Question"))
        assert first.start
        request_id = new_id()
        await socket.send("ai:regenerate", request_id=request_id, message_id=first.start["message_id"])
        second = await socket.ended(socket.reader(request_id))
        assert second.start
        assert second.start["parent_id"] == first.start["parent_id"]
        assert second.start["message_id"] != first.start["message_id"]


async def test_an_edit_replaces_even_the_first_prompt(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        first = await socket.ended(await socket.generate("Befor"))
        assert first.start
        edited = await socket.generate(
            "Before", conversation_id=first.start["conversation_id"], edits=first.start["parent_id"]
        )
        await socket.ended(edited)
        turns = [turn["content"] for turn in provider.requests[1].body["messages"] if turn["role"] != "system"]
        assert turns == ["Before"]


async def test_continue_writes_on_in_the_same_message(server: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=100, rate=100)
    async with signed_in(server) as socket:
        first = await socket.generate()
        await socket.until(lambda: len(first.text) > 30)
        await socket.send("ai:cancel", request_id=first.request_id)
        await socket.ended(first)
        assert first.start
        request_id = new_id()
        await socket.send("ai:continue", request_id=request_id, message_id=first.start["message_id"])
        second = await socket.ended(socket.reader(request_id))
        assert second.start
        assert second.start["message_id"] == first.start["message_id"]
        assert second.start["continues"] == first.request_id
        assert first.text + second.text == script.text
        assert server.message_text(first.start["message_id"]) == script.text
        await socket.send("ai:continue", request_id=new_id(), message_id=first.start["message_id"])
        await socket.frame("ai:error", code="conflict")
