"""What a prompt is answered with that may not be asked."""

from .client import Frame, SocketClient, new_id


async def refusal(socket: SocketClient, prompt: str, request_id: str | None = None) -> Frame:
    """The error that it gets; empty when it has been answered."""
    request_id = request_id or new_id()
    reader = await socket.generate(prompt, request_id=request_id)

    def errors() -> list[Frame]:
        return [one for one in socket.frames if one["type"] == "ai:error" and one.get("request_id") == request_id]

    await socket.until(lambda: reader.end or errors())
    return {} if reader.end else errors()[0]
