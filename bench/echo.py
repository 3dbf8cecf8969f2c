"""``python -m bench.echo PORT``: the production server's sockets with an echo behind them instead of the chat."""

import os
import sys
import tempfile
from typing import Any


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send(message | {"type": "websocket.send"})


def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"ENV_FILE": "", "DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()
        import uvicorn

        from config import server

        config = server.config()
        config.app, config.lifespan = echo, "off"
        uvicorn.Server(config).run([server.listen("127.0.0.1", port)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
