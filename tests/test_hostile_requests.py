"""Requests that are too much of something: refused with a sentence, quickly, and nobody else notices."""

import asyncio

import aiohttp
import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.live.client import signed_in
from tests.live.server import LiveServer

from .test_page_connection import said

FIELDS = "a=1&" * 400_000
DEEP = 100_000
HOSTILE_JSON = {
    "deep lists": "[" * DEEP + "]" * DEEP,
    "deep objects": '{"prompt":' * DEEP + "1" + "}" * DEEP,
    "deep in a field that is unknown": '{"prompt": "x", "more": ' + "[" * DEEP + "]" * DEEP + "}",
    "a number of a million digits": '{"prompt": ' + "9" * 1_000_000 + "}",
    "an exponent": '{"prompt": 1e999999999}',
    "no number": '{"prompt": NaN}',
    "half a pair": '{"prompt": "\\ud800"}',
    "no text": b'{"prompt": "\xff\xfe"}',
    "the same field a hundred thousand times": "{" + '"prompt": "x",' * 100_000 + '"prompt": 1}',
    "no object": '"prompt"',
    "nothing": "",
}


@pytest.mark.parametrize("body", HOSTILE_JSON.values(), ids=HOSTILE_JSON.keys())
async def test_json_that_is_a_burden_gets_a_sentence(serving: LiveServer, body: str | bytes) -> None:
    headers = {"Cookie": serving.cookies("alice"), "Origin": serving.url, "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(serving.url, headers=headers) as session,
        session.post("/api/chat", data=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == "bad_request"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/api/chat"])
def test_a_form_of_very_many_fields_is_refused(client: Client, path: str) -> None:
    response = client.post(path, FIELDS, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {400, 401}
    parts = (
        "".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n\r\n' for n in range(2_000)) + "--x--\r\n"
    )
    assert client.post(path, parts, content_type="multipart/form-data; boundary=x").status_code in {400, 401}


@pytest.mark.parametrize(
    ("head", "statuses"),
    [
        (b"GET /accounts/login/?" + b"a=1&" * 250_000 + b" HTTP/1.1\r\n", {b"431"}),
        (b"GET /accounts/login/?" + b"a&" * 30_000 + b" HTTP/1.1\r\n", {b"200", b"400"}),
        (b"GET /search/?q=" + b"%F0%9F%98%80" * 5_000 + b" HTTP/1.1\r\n", {b"302", b"400"}),
        (b"GET / HTTP/1.1\r\nCookie: sessionid=" + b"x" * 60_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nCookie: " + b"a=b;" * 15_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nCookie: a=" + b'"\\' * 25_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nCookie: " + b"x" * 10_000_000 + b"\r\n", {b"431"}),
        (b"GET / HTTP/1.1\r\nAccept-Language: " + b"de-" * 15_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nAccept-Language: " + b"de;q=0.1," * 7_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nX-Forwarded-For: " + b"1.1.1.1," * 7_000 + b"\r\n", {b"302"}),
        (b"GET / HTTP/1.1\r\nAuthorization: Bearer " + b"parley_" * 8_000 + b"\r\n", {b"302"}),
        (b"GET /static/js/theme.js HTTP/1.1\r\nRange: bytes=" + b"0-1," * 10_000 + b"\r\n", {b"200", b"206", b"416"}),
        (b"GET /\xff\xfe HTTP/1.1\r\n", {b"400", b"404"}),
        (b"GET /%ff%fe%00 HTTP/1.1\r\n", {b"400", b"404"}),
        (b"GET /static/../config/settings.py HTTP/1.1\r\n", {b"404"}),
        (b"GET /static/..%2f..%2fconfig/settings.py HTTP/1.1\r\n", {b"404"}),
        (b"GET //evil.example/.. HTTP/1.1\r\n", {b"404"}),
        (b"GET http://evil.example/accounts/login/ HTTP/1.1\r\n", {b"200", b"400", b"404"}),
        (b"CONNECT evil.example:80 HTTP/1.1\r\n", {b"400", b"404", b"405"}),
        (b"TRACE / HTTP/1.1\r\nX: secret\r\n", {b"405"}),
    ],
    ids=lambda value: value[:40].decode("latin1") if isinstance(value, bytes) else "",
)
async def test_a_head_that_is_a_burden_is_answered(serving: LiveServer, head: bytes, statuses: set[bytes]) -> None:
    host = f"Host: 127.0.0.1:{serving.port}\r\nConnection: close\r\n\r\n".encode()
    said_before = len(serving.output)
    answer = await said(serving, head + host)
    # Who goes on talking for long after the answer may not get to read it.
    assert answer[9:12] in statuses or (not answer and b"431" in statuses), answer[:300]
    assert b"secret" not in answer
    assert b"evil.example" not in answer
    assert not [line for line in serving.output[said_before:] if "Traceback" in line]


async def test_bodies_that_drip_hinder_nobody_and_go(start_server: object) -> None:
    """A byte now and then is progress; silence is not. Meanwhile others are served."""
    server: LiveServer = start_server(REQUEST_TIMEOUT_S=2)  # type: ignore[operator]
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    head = b"POST /accounts/login/ HTTP/1.1\r\n" + host + b"Content-Length: 100000\r\n\r\n"
    drips = [asyncio.create_task(said(server, head, *[b"x"] * 3, every_s=0.2)) for _ in range(200)]
    async with signed_in(server) as socket:
        await socket.send("ping", id="on")
        await socket.frame("pong", id="on")
    await asyncio.gather(*drips)


# ── what a proxy is told to say ──


FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Host": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "X-HTTP-Method-Override": "DELETE",
    "X-Script-Name": "/evil.example",
    "Script-Name": "/evil.example",
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/", "/nothing/", "/manifest.webmanifest", "/api/docs/openapi.json"]
)
def test_no_header_changes_where_a_page_leads(client: Client, name: str, path: str) -> None:
    plain, forged = client.get(path), client.get(path, headers={name: FORGED[name]})
    assert (forged.status_code, forged.headers.get("Location")) == (plain.status_code, plain.headers.get("Location"))
    assert b"evil.example" not in forged.content
    assert b"6666" not in forged.content


@pytest.mark.django_db
@pytest.mark.parametrize("name", FORGED)
def test_no_header_changes_where_a_mail_leads(client: Client, alice: User, name: str) -> None:
    client.post("/accounts/password/reset/", {"email": "alice@example.org"}, headers={name: FORGED[name]})
    [message] = mail.outbox
    assert "http://testserver/accounts/password/reset/key/" in message.body
    assert "evil" not in message.body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example",
     "///evil.example", "/\t/evil.example", "javascript:alert(1)", "data:text/html,x", "https:///evil.example",
     "//127.0.0.1:8000@evil.example", "http://[::1", "http://testserver:8443/", "https://testserver/", "http://testserver/x",
     "//testserver/x"],
)  # fmt: skip
def test_a_sign_in_leads_to_no_other_site(client: Client, alice: User, target: str) -> None:
    form = {"login": "alice@example.org", "password": "correct horse battery", "next": target}
    assert client.get("/accounts/login/", {"next": target}).status_code == 200
    assert client.post("/accounts/login/", form).headers["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/accounts/user/?email__startswith=%00", "/admin/reading/?person=a%00b"])
def test_the_admin_does_not_ask_for_a_nul(client: Client, grace: User, address: str) -> None:
    """PostgreSQL would fail on it; SQLite does not mind."""
    client.force_login(grace, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(address).status_code == 400
