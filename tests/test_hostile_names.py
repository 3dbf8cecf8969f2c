"""What people and providers name things is text wherever a page shows it: pages are built as with harmless names."""

import uuid
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Group
from django.http.response import HttpResponseBase
from django.test import Client

from accounts import budgets
from accounts.models import ApiKey, Reservation, User
from chat.models import Conversation, LanguageModel, PromptTemplate, Share
from tests.browser.hostile import corpus

from .conversations import generated, written

pytestmark = pytest.mark.django_db

AT_ONCE = 100
HARMLESS = [f"Name {n}" for n in range(AT_ONCE)]
NAMES = [" ".join(text.replace("\0", "").split()) for text in corpus()]


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and all of its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def structure(page: HttpResponseBase) -> Structure:
    return Structure(page.content.decode())  # type: ignore[attr-defined]  # none of these pages streams


class Site:
    """Everything that has a name, once each for as many names as there are; they can all be changed at once."""

    def __init__(self, alice: User, bob: User) -> None:
        self.alice, self.bob = alice, bob
        self.lab = Group.objects.create(name="lab")
        alice.groups.add(self.lab)
        self.theirs = written(bob, "prompt", "answer")
        Share.objects.put(self.theirs, for_everyone=False, people=[alice])
        assert self.theirs.active_leaf
        self.answer = generated(self.theirs.active_leaf, status="completed")
        self.mine = [Conversation.objects.create(owner=alice) for _ in range(AT_ONCE)]
        self.models = [
            LanguageModel.objects.create(name=f"m{n}", provider="openai", context_window=8000, max_output_tokens=9)
            for n in range(AT_ONCE)
        ]
        self.keys = [ApiKey.objects.issue(alice, "key", ApiKey.Scope.CHAT, None)[0] for _ in range(3)]
        self.prompt = PromptTemplate.objects.create(owner=alice, name="mine", text="text")
        for n in range(3):
            held = budgets.reserve(alice, uuid.uuid4(), input_tokens=5, max_output_tokens=5)
            held.settle(input_tokens=5, output_tokens=5, estimated=False, model=f"m{n}")

    def name(self, names: Sequence[str]) -> None:
        """Give everything one of the names; what there is only one of gets the first."""
        first = names[0]
        for person in (self.alice, self.bob):
            person.name = first[:150]
            person.save()
        Group.objects.update(name=first[:150])
        for conversation, title in zip([*self.mine, self.theirs], [*names, first], strict=False):
            Conversation.objects.filter(pk=conversation.pk).update(title=title[:200])
        for n, (model, label) in enumerate(zip(self.models, names, strict=False)):
            LanguageModel.objects.filter(pk=model.pk).update(name=f"{n} {label}"[:200], label=label[:200])
        ApiKey.objects.update(name=first[:100])
        PromptTemplate.objects.update(text=first)
        type(self.answer).objects.update(model=first[:200])
        for row, label in zip(Reservation.objects.filter(user=self.alice), names, strict=False):
            Reservation.objects.filter(pk=row.pk).update(model=label[:200])

    def pages(self, browser: Client) -> Iterator[tuple[str, Structure]]:
        for path in (
            "/",
            f"/c/{self.theirs.pk}/",
            f"/c/{self.mine[0].pk}/share/",
            f"/conversations/?count={AT_ONCE}",
            "/settings/",
            "/settings/answers/",
            "/settings/usage/",
            "/settings/keys/",
            "/settings/prompts/",
            f"/settings/prompts/{self.prompt.pk}/",
            "/settings/sessions/",
        ):
            yield path, structure(browser.get(path))


def test_pages_are_built_the_same_whatever_things_are_called(as_alice: Client, alice: User, bob: User) -> None:
    site = Site(alice, bob)
    site.name(HARMLESS)
    plain = {path: page.elements for path, page in site.pages(as_alice)}
    assert len(NAMES) >= 300
    # Always as many: with less to show there would be fewer elements.
    for names in (NAMES[:AT_ONCE], NAMES[AT_ONCE : 2 * AT_ONCE], NAMES[2 * AT_ONCE : 3 * AT_ONCE], NAMES[-AT_ONCE:]):
        site.name(names)
        shown = dict(site.pages(as_alice))
        for path, page in shown.items():
            assert page.elements == plain[path], path
        titles = shown[f"/conversations/?count={AT_ONCE}"].text
        assert {title[:200] for title in names} <= set(titles)
        assert {label[:200] for label in names} <= set(shown["/"].text)


@pytest.mark.parametrize("name", NAMES[::6])
def test_a_browser_and_its_person_are_text_among_the_sessions_and_in_a_greeting(
    as_alice: Client, alice: User, name: str
) -> None:
    plain = structure(as_alice.get("/")).elements
    alice.name = name[:150]
    alice.save()
    page = structure(as_alice.get("/", headers={"user-agent": name.encode("latin-1", "replace").decode("latin-1")}))
    assert page.elements == plain
    assert f"Hello, {name[:150]}" in page.text
