"""A socket that sends more at once than can wait: what is refused is named, so that it can be sent again."""

from collections.abc import Callable

from tests.live.client import new_id, signed_in
from tests.live.server import LiveServer

MANY = 300


async def test_of_many_frames_each_is_answered_or_named(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(MAX_FRAMES_PER_SECOND=100_000)
    asked = {new_id() for _ in range(MANY)}
    async with signed_in(server) as socket:
        for request_id in asked:
            await socket.send("ai:resume", request_id=request_id, after=0)

        def named() -> set[str]:
            return {frame["request_id"] for frame in socket.frames if frame.get("request_id")}

        await socket.until(lambda: named() == asked)
        codes = {frame["code"] for frame in socket.frames if frame["type"] == "ai:error"}
        assert codes == {"not_found", "rate_limited"}
