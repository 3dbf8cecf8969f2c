"""Who sees an answer that another socket has asked for, and who does not."""

from tests.live.client import new_id, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


async def test_a_second_tab_streams_the_same_answer(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=60, rate=100)
    async with signed_in(server) as first, signed_in(server) as second:
        one = await first.generate("Both")
        await first.until(lambda: len(one.text) > 20)
        assert one.start
        await second.frame("conversation:updated", conversation_id=one.start["conversation_id"], change="created")
        await second.send("conversation:open", conversation_id=one.start["conversation_id"])
        two = await second.ended(second.reader(one.request_id))
        await first.ended(one)
        assert one.text == two.text
        again = await first.generate("More", conversation_id=one.start["conversation_id"])
        await second.ended(second.reader(again.request_id))
        await first.ended(again)
        assert second.reader(again.request_id).text == again.text


async def test_a_closed_conversation_is_not_watched_any_more(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as first, signed_in(server) as second:
        one = await first.ended(await first.generate("Hello"))
        assert one.start
        await second.send("conversation:open", conversation_id=one.start["conversation_id"])
        await second.send("conversation:close", conversation_id=one.start["conversation_id"])
        await second.send("ai:resume", request_id=one.request_id, after=0)  # its turn comes after theirs
        await second.ended(second.reader(one.request_id))
        again = await first.ended(await first.generate("More", conversation_id=one.start["conversation_id"]))
        await second.send("ping", id=1)
        await second.frame("pong", id=1)
        assert again.request_id not in second.readers


async def test_resuming_an_ended_answer_gives_it_whole(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=30)
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate())
    async with signed_in(server) as socket:
        await socket.send("ai:resume", request_id=reader.request_id, after=0)
        again = await socket.ended(socket.reader(reader.request_id))
        assert again.text == reader.text
        await socket.send("ai:resume", request_id=reader.request_id, after=5, epoch=99)
        await socket.until(lambda: again.starts == 2 and again.end)
        assert again.text == reader.text


async def test_a_strangers_ids_are_not_found(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        hers = await alice.ended(await alice.generate("Mine"))
        assert hers.start
        conversation, message = hers.start["conversation_id"], hers.start["message_id"]
        attempts = [
            ("ai:generate", {"prompt": "Hi", "conversation_id": conversation}),
            ("ai:regenerate", {"message_id": message}),
            ("ai:continue", {"message_id": message}),
        ]
        for type_, fields in attempts:
            request_id = new_id()
            await bob.send(type_, request_id=request_id, **fields)
            assert (await bob.frame("ai:error", request_id=request_id))["code"] == "not_found"
        for type_, fields in [("ai:cancel", {}), ("ai:resume", {"after": 0})]:
            bob.frames.clear()
            await bob.send(type_, request_id=hers.request_id, **fields)
            assert (await bob.frame("ai:error", request_id=hers.request_id))["code"] == "not_found"
        bob.frames.clear()
        await bob.send("conversation:open", conversation_id=conversation)
        assert (await bob.frame("ai:error"))["code"] == "not_found"
        assert len(provider.requests) == 1
