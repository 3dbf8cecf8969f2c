"""Alice owns, Carol is shared with, Bob is a stranger, Dave is staff without a permission, Grace has every right, and
two keys of Alice's come without a browser."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import Announcement, ApiKey, Notice, User
from chat.models import LanguageModel, PromptTemplate, Share
from tests.conftest import PASSWORD
from tests.conversations import generated, written

from .world import World, browser


@pytest.fixture
def world(transactional_db: None, alice: User, bob: User, grace: User) -> World:
    """Committed, because the API looks from threads of its own."""
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    carol = User.objects.create_user("carol@example.org", PASSWORD, name="Carol")
    dave = User.objects.create_user("dave@example.org", PASSWORD, name="Dave", is_staff=True)
    conversation = written(alice, "prompt", "answer")
    deleted = written(alice, "gone", "answer")
    deleted.discard()
    first, second = conversation.branch()
    generated(second, status="completed", finish_reason="stop")
    Share.objects.put(conversation, for_everyone=False, people=[carol])
    people = {"owner": alice, "colleague": carol, "stranger": bob, "staff": dave, "superuser": grace}
    clients = {role: browser(person) for role, person in people.items()} | {"anonymous": Client()}
    for scope in ApiKey.Scope.values:
        _, text = ApiKey.objects.issue(alice, scope, scope)
        clients[f"key:{scope}"] = Client(headers={"Authorization": f"Bearer {text}"})
    key, _ = ApiKey.objects.issue(alice, "to revoke", "chat")
    elsewhere = {"ip": "192.0.2.1", "user_agent": "x", "last_seen_at": timezone.now()}
    session = UserSession.objects.create(user=alice, session_key="s" * 32, **elsewhere)
    notice = Notice.objects.tell(alice, "Only for Alice.")
    announcement = Announcement.objects.create(text="For Alice's group.")
    announcement.groups.add(group := Group.objects.create(name="Alice's"))
    alice.groups.add(group)
    template = PromptTemplate.objects.create(owner=alice, name="hello", text="Say hello")
    return World(conversation, deleted, first, second, key, session, notice, announcement, template, clients)
