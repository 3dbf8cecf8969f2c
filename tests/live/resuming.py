"""What a browser does when its connection is back."""

import json

from .client import Reader, SocketClient, open_socket
from .server import LiveServer


async def resumed(server: LiveServer, socket: SocketClient, readers: list[Reader]) -> SocketClient:
    """A new socket that does what a browser does: resume what it has begun to see, send again what it has not."""
    again = await open_socket(server, readers=socket.readers)
    for number, reader in enumerate(readers):
        if reader.start is None:
            await again.send("ai:generate", request_id=reader.request_id, prompt=f"Question {number}")
        elif reader.end is None:
            await again.connection.send(json.dumps(reader.resume_frame()))
    return again
