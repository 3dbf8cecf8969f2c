"""The prompt library: who sees which prompts, and that only their owners change them."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from chat.models import PromptTemplate

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


def offered(client: Client) -> list[str]:
    return [prompt["name"] for prompt in client.get("/prompts/").json()["prompts"]]


def test_people_are_offered_their_own_and_what_is_shared_with_them(as_alice: Client, alice: User, bob: User) -> None:
    lab = Group.objects.create(name="Lab")
    PromptTemplate.objects.create(owner=alice, name="mine", text="Mine")
    PromptTemplate.objects.create(owner=bob, name="his", text="His")
    PromptTemplate.objects.create(name="all", text="All", for_everyone=True)
    PromptTemplate.objects.create(owner=bob, name="labs", text="Lab").groups.add(lab)
    assert offered(as_alice) == ["all", "mine"]
    alice.groups.add(lab)
    assert offered(as_alice) == ["all", "labs", "mine"]


def test_a_prompt_is_kept_changed_and_deleted(as_alice: Client, alice: User) -> None:
    assert as_alice.post("/settings/prompts/", {"name": "sum", "text": HOSTILE}).status_code == 302
    one = PromptTemplate.objects.get()
    assert one.owner == alice
    assert "&lt;script&gt;" in as_alice.get("/settings/prompts/").content.decode()
    as_alice.post(f"/settings/prompts/{one.pk}/", {"name": "sum-2", "text": "New"})
    one.refresh_from_db()
    assert (one.name, one.text) == ("sum-2", "New")
    as_alice.post(f"/settings/prompts/{one.pk}/deletion/")
    assert not PromptTemplate.objects.exists()


@pytest.mark.parametrize(("name", "text"), [("two words", "x"), ("a", ""), ("", "x")])
def test_what_makes_no_sense_is_refused(as_alice: Client, name: str, text: str) -> None:
    assert as_alice.post("/settings/prompts/", {"name": name, "text": text}).status_code == 422
    assert not PromptTemplate.objects.exists()


def test_nobody_shares_with_a_group_they_are_not_in(as_alice: Client, alice: User) -> None:
    lab, other = Group.objects.create(name="Lab"), Group.objects.create(name="Other")
    alice.groups.add(lab)
    assert as_alice.post("/settings/prompts/", {"name": "a", "text": "x", "groups": [other.pk]}).status_code == 422
    data = {"name": "a", "text": "x", "groups": [lab.pk], "for_everyone": "on"}
    assert as_alice.post("/settings/prompts/", data).status_code == 302
    assert not PromptTemplate.objects.get().for_everyone


@pytest.mark.parametrize("path", ["/settings/prompts/{}/", "/settings/prompts/{}/deletion/"])
def test_a_stranger_gets_404(as_alice: Client, bob: User, path: str) -> None:
    one = PromptTemplate.objects.create(owner=bob, name="his", text="His", for_everyone=True)
    assert as_alice.post(path.format(one.pk), {"name": "x", "text": "x"}).status_code == 404
    assert PromptTemplate.objects.get().text == "His"


def test_the_admin_does_not_show_what_people_keep_for_themselves(client: Client, grace: User, alice: User) -> None:
    one = PromptTemplate.objects.create(owner=alice, name="private-one", text="Private")
    client.force_login(grace, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "private-one" not in client.get("/admin/chat/prompttemplate/").content.decode()
    assert client.get(f"/admin/chat/prompttemplate/{one.pk}/change/").status_code == 302
