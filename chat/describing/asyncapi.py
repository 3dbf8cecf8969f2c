"""The AsyncAPI 3.0 document of the socket: every frame that goes either way."""

from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from chat import protocol
from chat.protocol import CloseCode

from .openapi import REFERENCES

CLIENT: tuple[Any, ...] = get_args(protocol.AnyClientFrame)
CLOSINGS = {
    CloseCode.BAD_FRAMES: "too many bad frames in a row",
    CloseCode.SIGNED_OUT: "the sign-in or the key has ended",
    CloseCode.ACCESS_ENDED: "access ended",
    CloseCode.TOO_SLOW: "too slow",
    CloseCode.FLOODING: "flooding",
}


def server_frames() -> tuple[Any, ...]:
    return tuple(sorted(protocol.ServerFrame.__subclasses__(), key=tag))


def tag(frame: Any) -> str:
    """What the frame's ``type`` is."""
    return str(frame.__struct_config__.tag)


def asyncapi() -> dict[str, Any]:
    frames = (*CLIENT, *server_frames())
    schemas, components = msgspec.json.schema_components(frames, ref_template=REFERENCES)
    messages = {
        frame.__name__: {"name": tag(frame), "contentType": "application/json", "payload": schema}
        for frame, schema in zip(frames, schemas, strict=True)
    }
    site = urlsplit(settings.SITE_URL)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{settings.SITE_NAME}: the socket",
            "version": str(protocol.VERSION),
            "description": "Text frames, one JSON object each. It closes with "
            + ", ".join(f"{code}: {words}" for code, words in CLOSINGS.items())
            + ".",
        },
        "servers": {"site": {"host": site.netloc, "protocol": "wss" if site.scheme == "https" else "ws"}},
        "channels": {
            "chat": {
                "address": "/ws/chat/",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "ask": _operation("receive", CLIENT),
            "tell": _operation("send", server_frames()),
        },
        "components": {"messages": messages, "schemas": components},
    }


def _operation(action: str, frames: tuple[Any, ...]) -> dict[str, Any]:
    """From the server's side: it receives what clients ask, and sends."""
    messages = [{"$ref": f"#/channels/chat/messages/{frame.__name__}"} for frame in frames]
    return {"action": action, "channel": {"$ref": "#/channels/chat"}, "messages": messages}
