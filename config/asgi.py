"""The ASGI application: pages to Django, the socket to the chat's consumer, lifespan to what runs beside requests."""

import os
from collections.abc import Awaitable
from functools import cache
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 (needs the apps loaded above)

from .body_limit import limited  # noqa: E402
from .gate import App, guarded  # noqa: E402


def chat_socket(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    return _chat()(scope, receive, send)


@cache
def _chat() -> App:
    """Imported with the first who comes."""
    from chat.budget_gate import budgeted
    from chat.consumers import ChatConsumer
    from chat.flood_gate import unflooded

    return unflooded(budgeted(ChatConsumer.as_asgi()))


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start what runs beside requests, unless the server has done so, and stop it."""
    from chat import generating

    await receive()
    process = await generating.started()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await process.stop()
    await send({"type": "lifespan.shutdown.complete"})


application = ProtocolTypeRouter(
    {
        "http": limited(pages),
        "websocket": guarded("/ws/chat/", chat_socket),
        "lifespan": lifespan,
    }
)
