"""An import over the page: in the background, one at a time."""

import asyncio
import datetime
import json

import aiohttp
import pytest
from django.test import Client

from accounts.models import User
from chat.models import Import
from config.body_limit import MAX_BODY_BYTES
from tests.importing.exports import BREAD, chatgpt, node
from tests.live.forms import SECRET
from tests.live.server import LiveServer

pytestmark = pytest.mark.django_db


async def uploaded(server: LiveServer, session: aiohttp.ClientSession, content: bytes) -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("export", content, filename="conversations.json")
    async with session.post("/settings/data/imports/", data=form) as response:
        return response.status, await response.text()


def signed_in(server: LiveServer, name: str) -> aiohttp.ClientSession:
    headers = {"Cookie": f"{server.cookies(name)}; csrftoken={SECRET}", "X-CSRFToken": SECRET}
    return aiohttp.ClientSession(server.url, headers=headers, timeout=aiohttp.ClientTimeout(30))


async def test_a_file_is_imported_in_the_background_and_the_page_says_what_became_of_it(serving: LiveServer) -> None:
    empty = chatgpt(key="c-2")
    many = [chatgpt(node("a2", None, "user", f"question {n}"), key=f"m-{n}") for n in range(40)]
    content = json.dumps([BREAD, empty, {"mapping": 1}, *many]).encode()
    async with signed_in(serving, "bob") as session:
        for words in ("41 conversations were imported.", "41 were here already."):
            status, _page = await uploaded(serving, session, content)
            assert status == 200
            for _ in range(500):
                async with session.get("/settings/data/imports/latest/") as response:
                    page = await response.text()
                if 'data-running="false"' in page:
                    break
            assert words in page
            assert "1 had no messages." in page
            assert "1 could not be read." in page
        status, page = await uploaded(serving, session, b"not an export")
        assert (status, "neither a ChatGPT nor a Claude export" in page) == (422, True)


async def test_what_is_too_large_is_refused_before_it_is_stored(serving: LiveServer) -> None:
    """The length alone is enough: not a byte of the body is waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    head = f"POST /settings/data/imports/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()


def test_one_import_at_a_time(alice: User) -> None:
    first = Import.objects.begin(alice, "chatgpt", 3)
    assert first
    assert Import.objects.begin(alice, "chatgpt", 3) is None
    first.finish()
    assert Import.objects.begin(alice, "chatgpt", 3)


def test_an_import_whose_server_died_says_so_and_stands_in_nobodys_way(as_alice: Client, alice: User) -> None:
    job = Import.objects.begin(alice, "chatgpt", 3)
    assert job
    Import.objects.update(updated_at=job.created_at - datetime.timedelta(minutes=2))
    assert "Upload the file again" in as_alice.get("/settings/data/").content.decode()
    assert Import.objects.begin(alice, "chatgpt", 3)
