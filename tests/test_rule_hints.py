"""Content rules and the site's prompt are in force in every process as soon as they are saved, without its pulse."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from channels.layers import get_channel_layer
from django.test import AsyncClient

from accounts.models import User
from chat import hints
from chat.database import in_database
from chat.generating.listening import listen
from chat.generating.process import Process
from chat.models import ContentRule, SitePrompt
from chat.models.site_prompt import site_prompt
from chat.moderating import rules

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
RULE = {"name": "R", "kind": "words", "text": "needle", "applies_to": "both", "action": "block", "enabled": "on"}
RULE |= {"longest_match": "80", "sample": ""}


async def test_saving_and_deleting_them_is_said_to_all_processes(grace: User) -> None:
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel("other")
    await layer.group_add(hints.PROCESSES, channel)
    client = AsyncClient()
    await client.aforce_login(grace, backend=BACKEND)
    chosen = {"action": "delete_selected", "post": "yes"}
    for path, fields in (
        ("/admin/chat/contentrule/add/", RULE),
        ("/admin/chat/siteprompt/add/", {"text": "Be brief."}),
        ("/admin/chat/siteprompt/1/delete/", {"post": "yes"}),
        ("/admin/chat/contentrule/", chosen),
    ):
        if fields is chosen:
            fields["_selected_action"] = str((await ContentRule.objects.aget()).pk)
        assert (await client.post(path, fields)).status_code == 302
        async with asyncio.timeout(20):
            assert await layer.receive(channel) == {"type": "rules.changed"}
    assert not await ContentRule.objects.aexists()


async def test_a_process_that_hears_it_looks() -> None:
    await in_database(rules.look)
    await in_database(site_prompt)
    await ContentRule.objects.abulk_create([ContentRule(name="R", text="needle", action="block")])
    await SitePrompt.objects.abulk_create([SitePrompt(pk=1, text="Be brief.")])
    assert not rules.in_force().prompts_blocked.rules
    listening = asyncio.create_task(listen(Process()))
    try:
        await until(lambda: bool(rules.in_force().prompts_blocked.rules) and site_prompt() == "Be brief.")
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def until(true: Callable[[], bool]) -> None:
    """Say it until it is heard: the one who listens may not have begun to."""
    async with asyncio.timeout(20):
        while not true():
            await hints.rules_changed()
            await asyncio.sleep(0.05)
