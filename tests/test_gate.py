"""Who may open the socket."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from config.gate import App, only_at, same_site, signed_in

SITE = b"http://127.0.0.1:8000"


async def knock(gate: App, **scope: Any) -> str:
    """What the first answer to a handshake is."""
    answers: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        answers.append(message["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    await gate({"type": "websocket", "headers": [], "path": "/ws/chat/"} | scope, receive, send)
    return answers[0]


async def chat(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})


@pytest.mark.parametrize("origin", [SITE, b"http://localhost:8000"])
async def test_a_page_of_this_site_may(origin: bytes) -> None:
    assert await knock(same_site(chat), headers=[(b"origin", origin)]) == "websocket.accept"


@pytest.mark.parametrize(
    "origins",
    [[], [b"https://127.0.0.1:8000"], [b"http://127.0.0.1"], [b"http://127.0.0.1:8001"], [b"http://evil.example"],
     [b"null"], [b""], [b"\xff\xfe"], [SITE + b"/"], [SITE + b".evil.example"], [SITE, SITE], [SITE, b"http://evil"]],
)  # fmt: skip
async def test_any_other_origin_or_none_may_not(origins: list[bytes]) -> None:
    headers = [(b"origin", origin) for origin in origins]
    assert await knock(same_site(chat), headers=headers) == "websocket.close"


async def test_somebody_signed_in_may_and_nobody_else() -> None:
    for user, answer in [(User(), "websocket.accept"), (AnonymousUser(), "websocket.close")]:
        assert await knock(signed_in(chat), user=user) == answer


@pytest.mark.django_db(transaction=True)
async def test_who_must_set_up_a_second_factor_first_may_not() -> None:
    assert await knock(signed_in(chat), user=User(second_factor_required=True)) == "websocket.close"


async def test_there_is_no_other_socket() -> None:
    gate = only_at("/ws/chat/", chat)
    assert await knock(gate) == "websocket.accept"
    for path in ["/ws/chat", "/ws/", "/", "/ws/chat/x"]:
        assert await knock(gate, path=path) == "websocket.close"
