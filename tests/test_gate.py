"""Who may open the socket."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from chat.database import in_database
from config.gate import guarded, same_site

SITE = b"http://127.0.0.1:8000"
PATH = "/ws/chat/"


async def knock(cookie: str, path: str = PATH) -> tuple[str, dict[str, Any]]:
    """What the first answer to a handshake is, and what whoever answers it gets to know."""
    answers: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        answers.append(message["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def chat(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    headers = [(b"origin", SITE), (b"cookie", cookie.encode()), (b"accept-language", b"de-CH,en")]
    scope = {"type": "websocket", "headers": headers, "path": path}
    await guarded(PATH, chat)(scope, receive, send)
    return answers[0], scope


def signed_in(**fields: Any) -> tuple[User, str]:
    """Somebody, and the cookie that they come with."""
    user = User.objects.create_user("alice@example.org", "secret", **fields)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return user, f"theme=dark; sessionid={session.session_key}"


@pytest.mark.parametrize("origin", [SITE, b"http://localhost:8000"])
def test_a_page_of_this_site_may(origin: bytes) -> None:
    assert same_site([(b"origin", origin)])


@pytest.mark.parametrize(
    "origins",
    [[], [b"https://127.0.0.1:8000"], [b"http://127.0.0.1"], [b"http://127.0.0.1:8001"], [b"http://evil.example"],
     [b"null"], [b""], [b"\xff\xfe"], [SITE + b"/"], [SITE + b".evil.example"], [SITE, SITE], [SITE, b"http://evil"]],
)  # fmt: skip
def test_any_other_origin_or_none_may_not(origins: list[bytes]) -> None:
    assert not same_site([(b"origin", origin) for origin in origins])


@pytest.mark.django_db(transaction=True)
async def test_somebody_signed_in_may_and_nobody_else() -> None:
    user, cookie = await in_database(signed_in)
    answer, scope = await knock(cookie)
    assert answer == "websocket.accept"
    assert (scope["user"], scope["ticket"].user_id, scope["language"]) == (user, user.pk, "de")
    for other in ["", "sessionid=", "sessionid=nobodys", f"{cookie}x", cookie.replace("sessionid", "other")]:
        assert (await knock(other))[0] == "websocket.close"


@pytest.mark.django_db(transaction=True)
async def test_an_open_socket_keeps_neither_cookies_nor_headers() -> None:
    _, cookie = await in_database(signed_in)
    _, scope = await knock(cookie)
    assert scope["headers"] == []
    assert not {"cookies", "session"} & set(scope)


@pytest.mark.django_db(transaction=True)
async def test_who_must_set_up_a_second_factor_first_may_not() -> None:
    _, cookie = await in_database(signed_in, second_factor_required=True)
    assert (await knock(cookie))[0] == "websocket.close"


@pytest.mark.django_db(transaction=True)
async def test_there_is_no_other_socket() -> None:
    _, cookie = await in_database(signed_in)
    for path in ["/ws/chat", "/ws/", "/", "/ws/chat/x"]:
        assert (await knock(cookie, path))[0] == "websocket.close"
