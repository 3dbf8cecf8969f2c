"""What a person is told when nothing else could be, and what protects those pages, too."""

from http import HTTPStatus

import aiohttp
import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django.fixtures import Settings

from config import errors
from config.body_limit import MAX_BODY_BYTES, MAX_FORM_BYTES, MAX_SIGN_IN_BYTES
from config.page_connection import TOO_LARGE
from tests.live.server import LiveServer
from tests.protections import lacking, protected
from tests.provider_server.server import ProviderServer
from tests.test_page_connection import said


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("sk-secret-of-somebody")


def private(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [path("broken", broken), path("api/broken", broken), path("private", private)]
handler403, handler404, handler500 = errors.forbidden, errors.not_found, errors.internal
ELSEWHERE = override_settings(ROOT_URLCONF=__name__)


@ELSEWHERE
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/broken", 500, "The failure is on the server’s side and has been noted there."),
        ("/private", 403, "You may not open this page."),
        ("/nothing", 404, "There is no such page, or it is not yours to see."),
    ],
)
def test_a_page_says_what_happened_and_nothing_of_how(
    as_alice: Client, address: str, status: int, sentence: str
) -> None:
    as_alice.raise_request_exception = False
    response = as_alice.get(address)
    page = response.content.decode().replace("&#x27;", "’")
    assert response.status_code == status
    assert sentence in page
    assert "<script" not in page and "secret" not in page and "Traceback" not in page


@ELSEWHERE
@pytest.mark.django_db
def test_scripts_are_told_as_json(client: Client) -> None:
    client.raise_request_exception = False
    assert client.get("/api/broken").json()["code"] == "internal"
    assert client.get("/api/nothing").json()["code"] == "not_found"


@pytest.mark.django_db
def test_pages_speak_the_persons_language_and_wear_their_theme(as_alice: Client) -> None:
    as_alice.post("/settings/appearance/", {"theme": "dark", "language": "de"})
    page = as_alice.get("/nothing/").content.decode()
    assert '<html lang="de" data-theme="dark">' in page
    assert "Hier ist nichts" in page


@pytest.mark.django_db
def test_a_form_from_elsewhere_gets_the_page_about_forms() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a", "password": "b"})
    assert response.status_code == 403
    assert "The form could not be checked" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "origin",
    ["http://[::1", "http://[", "null", "", "\x00", "http://127.0.0.1:8000:9", "http://127.0.0.1:port", "//", "é",
     "x" * 5000, "http://127.0.0.1:8000/", "HTTP://127.0.0.1:8000"],
)  # fmt: skip
def test_a_malformed_origin_is_refused_and_nothing_breaks(origin: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/accounts/login/")
    form = {"login": "a@b.c", "password": "x", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
    assert strict.post("/accounts/login/", form, headers={"origin": origin}).status_code == 403
    assert strict.post("/api/chat", {}, headers={"origin": origin}).status_code == 403


REQUESTS: list[tuple[str, str, dict[str, str], int]] = [
    ("GET", "/accounts/login/", {}, 200),
    ("GET", "/nothing/", {}, 404),
    ("GET", "/", {}, 302),
    ("GET", "/accounts/login/", {"Host": "evil.example"}, 400),
    ("GET", "/accounts/login/", {"Host": "[::1"}, 400),
    ("POST", "/accounts/login/", {}, 403),
    ("GET", "/static/nothing.css", {}, 404),
    ("GET", "/static/js/theme.js", {}, 200),
    ("GET", "/healthz", {}, 200),
    ("GET", "/manifest.webmanifest", {}, 200),
    ("POST", "/api/chat", {}, 401),
    ("GET", "/api/chat", {}, 405),
    ("GET", "/api/nothing", {}, 404),
    ("POST", "/accounts/login/", {"Content-Length": str(MAX_SIGN_IN_BYTES + 1)}, 413),
    ("POST", "/accounts/saml/saml/acs/", {"Content-Length": str(MAX_SIGN_IN_BYTES + 1)}, 413),
    ("POST", "/api/chat", {"Content-Length": str(MAX_FORM_BYTES + 1)}, 413),
    ("POST", "/settings/data/imports/", {"Content-Length": str(MAX_BODY_BYTES + 1)}, 413),
    ("POST", "/api/chat", {"Content-Length": "9" * 40}, 400),
]


@pytest.mark.parametrize(("method", "address", "sent", "status"), REQUESTS)
async def test_every_answer_has_the_headers(
    serving: LiveServer, method: str, address: str, sent: dict[str, str], status: int
) -> None:
    async with (
        aiohttp.ClientSession(serving.url) as session,
        session.request(method, address, headers=sent, allow_redirects=False) as response,
    ):
        assert response.status == status, HTTPStatus(response.status)
        if sent.get("Content-Length") == "9" * 40:  # refused by the parser, which knows of no headers
            return
        assert lacking(response.headers, address) == []


@ELSEWHERE
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/broken", "/api/broken", "/private", "/nothing", "/api/nothing"])
def test_so_has_what_went_wrong(as_alice: Client, address: str) -> None:
    as_alice.raise_request_exception = False
    protected(as_alice.get(address), address)


@pytest.mark.django_db
def test_so_has_too_much(settings: Settings) -> None:
    settings.SIGNUP = "open"
    statuses = set()
    for number in range(41):
        response = Client().post("/accounts/signup/", {"email": f"{number}@example.org"})
        protected(response, "/accounts/signup/")
        statuses.add(response.status_code)
    assert 429 in statuses


async def test_so_has_a_stream(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    headers = {"Cookie": serving.cookies("alice"), "Origin": serving.url}
    async with (
        aiohttp.ClientSession(serving.url, headers=headers) as session,
        session.post("/api/chat", json={"prompt": "Hello"}) as response,
    ):
        assert response.content_type == "text/event-stream"
        assert lacking(response.headers, "/api/chat") == []
        assert b"[DONE]" in await response.read()


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"])
async def test_so_has_what_was_no_request(serving: LiveServer, nonsense: bytes) -> None:
    answer = await said(serving, nonsense)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert lacking(headers_of(answer), "/") == []
    assert lacking(headers_of(TOO_LARGE), "/") == []  # which not everybody gets to read, for it is said in between


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, b"403"),  # nobody
        ({"Origin": "http://evil.example"}, b"403"),
        ({"Sec-WebSocket-Version": "12"}, b"400"),
        ({"Sec-WebSocket-Key": "short"}, b"400"),
    ],
)
async def test_so_has_a_socket_that_is_refused(serving: LiveServer, asked: dict[str, str], status: bytes) -> None:
    """Before there is one; by the library, or by us."""
    host = {"Host": f"127.0.0.1:{serving.port}", "Connection": "Upgrade", "Upgrade": "websocket"}
    handshake = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    head = "".join(f"{name}: {value}\r\n" for name, value in (host | handshake | asked).items())
    answer = await said(serving, f"GET /ws/chat/ HTTP/1.1\r\n{head}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 " + status)
    headers = headers_of(answer)
    assert lacking(headers, "/ws/chat/") == []
    assert "Server" not in headers


def headers_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().splitlines()[1:]
    return {name.title(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("address", ["/accounts/login/", "/api/chat"])
async def test_a_body_without_a_length_is_cut_off(serving: LiveServer, address: str) -> None:
    async def endless() -> object:
        for _ in range(64):
            yield b"x" * 65_536

    async with aiohttp.ClientSession(serving.url) as session:
        try:
            async with session.post(address, data=endless()) as response:
                assert response.status in {401, 413}
        except aiohttp.ClientConnectionError:
            pass  # it was closed while we were still talking
