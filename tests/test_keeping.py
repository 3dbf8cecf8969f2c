"""What is kept and what goes: retention, legal holds, reading by staff, and the site's own prompt."""

import datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Notice, User
from chat.models import (
    Conversation,
    ConversationReading,
    LanguageModel,
    LegalHold,
    RetentionRule,
    RetentionRun,
    SitePrompt,
)
from chat.prompting import system_prompt
from chat.purging import purge_one
from tests.conversations import generated, written

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOSTILE = "<script>alert(1)</script>"
NOW = timezone.now()


def old(owner: User, days: int, **fields: object) -> Conversation:
    talk = written(owner, f"{days} days old", "answer")
    Conversation.objects.filter(pk=talk.pk).update(updated_at=NOW - datetime.timedelta(days=days), **fields)
    return talk


def expired() -> set[Conversation]:
    return set(RetentionRule.objects.expired(NOW))


def as_staff(user: User, *codenames: str) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


# ── retention ──


def test_without_a_rule_everything_stays(alice: User) -> None:
    old(alice, 10_000)
    assert expired() == set()


def test_the_sites_rule_takes_what_is_older_but_not_what_is_pinned_held_or_running(alice: User, bob: User) -> None:
    RetentionRule.objects.create(days=30)
    gone = old(alice, 31)
    old(alice, 29)
    old(alice, 31, pinned_at=NOW)
    held = old(alice, 31)
    LegalHold.objects.create(conversation=held, reason="A case")
    LegalHold.objects.create(user=bob, reason="A case")
    old(bob, 31)
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    running = old(alice, 31)
    assert running.active_leaf
    generated(running.active_leaf, status="running")
    assert expired() == {gone}


def test_who_is_in_several_groups_has_the_longest_of_their_rules(alice: User, bob: User) -> None:
    RetentionRule.objects.create(days=10)
    for name, days in (("short", 20), ("long", 40)):
        group = Group.objects.create(name=name)
        RetentionRule.objects.create(group=group, days=days)
        alice.groups.add(group)
    old(alice, 30)
    gone = {old(alice, 50), old(bob, 11)}
    assert expired() == gone


def test_a_night_deletes_once_and_leaves_an_entry(alice: User) -> None:
    RetentionRule.objects.create(days=30)
    old(alice, 31)
    run = RetentionRun.objects.claim(NOW)
    assert run
    assert RetentionRun.objects.claim(NOW) is None
    while run.delete_some(NOW):
        pass
    assert not Conversation.objects.visible_to(alice).exists()
    assert AuditEntry.objects.get(action="retention.deleted").after == {"conversations": 1}
    assert RetentionRun.objects.get().deleted == 1


def test_the_admin_says_what_goes_tonight(alice: User, bob: User) -> None:
    RetentionRule.objects.create(days=30)
    for _ in range(3):
        old(alice, 31)
    page = as_staff(bob, "view_retentionrule").get("/admin/chat/retentionrule/").content.decode()
    assert "3 conversations tonight" in page


def test_the_site_has_one_rule() -> None:
    RetentionRule.objects.create(days=30)
    with pytest.raises(ValidationError, match="already"):
        RetentionRule(days=40).clean()


# ── legal holds ──


def test_a_held_conversation_can_be_deleted_but_is_kept(alice: User, grace: User) -> None:
    talk = written(alice, "evidence")
    hold = LegalHold.objects.create(conversation=talk, reason="A case")
    assert talk.discard()
    Conversation.objects.update(deleted_at=NOW - datetime.timedelta(days=1))
    assert not purge_one()
    assert hold.release(by=grace)
    assert not hold.release(by=grace)
    assert purge_one()
    assert LegalHold.objects.get().released_at
    assert AuditEntry.objects.filter(action="legal_hold.released").count() == 1


def test_an_account_under_a_hold_is_not_deleted_and_says_so(as_alice: Client, alice: User) -> None:
    LegalHold.objects.create(conversation=written(alice, "evidence"), reason="A case")
    page = as_alice.post("/settings/delete/", {"proof": PASSWORD})
    assert page.status_code == 422
    assert "A legal hold keeps your account" in page.content.decode()
    assert User.objects.filter(pk=alice.pk).exists()
    assert not AuditEntry.objects.filter(action="account.deleted").exists()


def test_holds_are_placed_and_released_in_the_admin(alice: User, grace: User) -> None:
    client = Client()
    client.force_login(grace, backend=BACKEND)
    assert client.post("/admin/chat/legalhold/add/", {"reason": "A case"}).status_code == 200  # on whom?
    assert client.post("/admin/chat/legalhold/add/", {"user": alice.pk, "reason": "A case"}).status_code == 302
    hold = LegalHold.objects.get()
    assert (hold.about, client.get(f"/admin/chat/legalhold/{hold.pk}/delete/").status_code) == ("Alice", 403)
    client.post("/admin/chat/legalhold/", {"action": "release", "_selected_action": [hold.pk]})
    assert LegalHold.objects.get().user is None


# ── reading by staff ──


def test_reading_takes_a_reason_and_the_owner_sees_it(as_alice: Client, alice: User, bob: User) -> None:
    talk = written(alice, f"private {HOSTILE}", "answer", title="Private title")
    staff = as_staff(bob, "read_conversations")
    listed = staff.get("/admin/reading/", {"person": alice.email}).content.decode()
    assert str(talk.pk) in listed
    assert "Private title" not in listed
    asked = {"conversation": f"http://x/c/{talk.pk}/", "reason": "short"}
    assert staff.post("/admin/reading/", asked).status_code == 422
    opened = staff.post("/admin/reading/", asked | {"reason": f"A threat was reported {HOSTILE}"}, follow=True)
    page = opened.content.decode()
    assert "private &lt;script&gt;" in page
    assert "<script>alert" not in page
    mine = as_alice.get("/settings/readings/").content.decode()
    assert "A threat was reported &lt;script&gt;" in mine
    assert "Bob" in mine
    assert Notice.objects.unread_by(alice).count() == 1
    entry = AuditEntry.objects.get(action="conversation.read")
    assert (entry.actor, entry.after) == (bob.pk, {"conversation": str(talk.pk)})


def test_it_ends_after_an_hour_and_is_nobody_elses(alice: User, bob: User, grace: User) -> None:
    begun = ConversationReading.objects.begin(written(alice, "private"), by=bob, reason="A good reason")
    path = f"/admin/reading/{begun.pk}/"
    staff = as_staff(bob, "read_conversations")
    assert staff.get(path).status_code == 200
    other = Client()
    other.force_login(grace, backend=BACKEND)
    assert other.get(path).status_code == 404
    ConversationReading.objects.update(expires_at=timezone.now())
    assert staff.get(path).status_code == 404


def test_reading_is_a_permission_of_its_own(bob: User) -> None:
    staff = as_staff(bob, "view_conversation", "change_report", "view_user")
    assert staff.get("/admin/reading/").status_code == 403
    assert staff.post("/admin/reading/", {"conversation": "x", "reason": "x" * 20}).status_code == 403


# ── the site's prompt ──


def test_the_admins_words_win_over_the_environments(alice: User, settings: Settings) -> None:
    settings.SYSTEM_PROMPT = "From the environment."
    assert system_prompt(alice) == "From the environment."
    SitePrompt.objects.create(text="From the admin.")
    assert system_prompt(alice) == "From the admin."
    SitePrompt(text="").save()
    assert SitePrompt.objects.count() == 1
    assert system_prompt(alice) == ""
