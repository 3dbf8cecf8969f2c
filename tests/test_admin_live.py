"""The admin's view of what runs now: it tells who and how fast, stops, and pauses for everybody."""

import asyncio
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Announcement, AuditEntry, User
from chat.models import Pause
from tests.live.admin import AdminBrowser
from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server import ProviderServer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


async def test_who_runs_what_is_shown_and_stopped(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=5_000, rate=50)
    server = start_server()
    admin = AdminBrowser(server)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        first, second = await alice.generate("My secret"), await bob.generate()
        await alice.until(lambda: len(first.text) > 40)
        await bob.until(lambda: len(second.text) > 40)
        page = await asyncio.to_thread(admin.get, "/admin/live/?part")
        assert "alice@example.org" in page and "bob@example.org" in page
        assert "2 running, 0 waiting" in page
        assert re.search(r"≈ [1-9]", page)
        assert "secret" not in page
        key = re.search(r'alice@example.org</th>.*?value="([0-9a-f-]{36})"', page, re.DOTALL)
        assert key
        said = await asyncio.to_thread(admin.post_from, "/admin/live/", "/admin/live/stop/", generation=key[1])
        assert "Stopped: 1." in said
        await alice.ended(first)
        assert first.status == "cancelled"
        assert second.end is None
        await asyncio.to_thread(admin.post_from, "/admin/live/", "/admin/live/stop/", generation="all")
        await bob.ended(second)
        assert second.status == "cancelled"


async def test_a_pause_refuses_what_is_new_and_shows_everybody_why(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=300, rate=50)
    server = start_server()
    admin = AdminBrowser(server)
    async with signed_in(server) as alice:
        running = await alice.generate()
        await alice.until(lambda: running.text)
        sentence = "We are moving house."
        await asyncio.to_thread(admin.post_from, "/admin/live/", "/admin/live/pause/", sentence=sentence)
        await alice.frame("site:news")
        refused = await alice.generate()
        error = await alice.frame("ai:error", request_id=refused.request_id)
        assert (error["code"], error["message"]) == ("model_unavailable", sentence)
        assert sentence in await asyncio.to_thread(AdminBrowser(server, "bob").get, "/banners/")
        await alice.ended(running)
        assert running.status == "completed"
        await asyncio.to_thread(admin.post_from, "/admin/live/", "/admin/live/pause/", end="1")
        again = await alice.generate()
        await alice.until(lambda: again.text)
        assert sentence not in await asyncio.to_thread(AdminBrowser(server, "bob").get, "/banners/")


def test_there_is_one_pause_at_a_time(grace: User) -> None:
    assert Pause.objects.begin("First.", by=grace)
    assert not Pause.objects.begin("Second.", by=grace)
    assert Announcement.objects.count() == 1
    assert Pause.objects.end(by=grace)
    assert not Pause.objects.end(by=grace)
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["pause.ended", "pause.begun"]


@pytest.mark.parametrize("permission", ["", "view_generation"])
def test_it_is_for_those_who_may(client: Client, alice: User, permission: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.set(Permission.objects.filter(codename=permission))
    client.force_login(alice, backend=BACKEND)
    assert client.get("/admin/live/").status_code == (200 if permission else 403)
    assert client.post("/admin/live/stop/", {"generation": "all"}).status_code == 403
    assert client.post("/admin/live/pause/", {"sentence": "Mine."}).status_code == 403
    assert not Pause.objects.exists()
