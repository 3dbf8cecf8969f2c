"""/settings/answers/: the default model and the custom instructions, and that answers follow them."""

import uuid

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from chat import asking
from chat.models import Generation, LanguageModel, Message
from chat.prompting import fit, system_prompt
from chat.protocol import Generate
from tests.live.client import signed_in
from tests.live.forms import submit
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

PAGE = "/settings/answers/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def models(db: None) -> list[LanguageModel]:
    """Two models; the first is the site's default."""
    return [
        LanguageModel.objects.create(name=name, provider="openai", context_window=8000, max_output_tokens=1000)
        for name in ("first", "second")
    ]


def test_model_and_instructions_can_be_chosen(as_alice: Client, models: object) -> None:
    response = as_alice.post(PAGE, {"default_model": "second", "custom_instructions": "Be brief."}, follow=True)
    assert b"Saved." in response.content
    assert User.objects.values_list("default_model", "custom_instructions").get() == ("second", "Be brief.")


def test_a_model_that_is_not_theirs_to_use_is_refused(as_alice: Client, models: list[LanguageModel]) -> None:
    LanguageModel.objects.filter(name="second").update(enabled=False)
    for name in ("second", "third"):
        assert as_alice.post(PAGE, {"default_model": name}).status_code == 422
    assert User.objects.get().default_model == ""


def test_instructions_of_any_length_are_not_taken(as_alice: Client, models: object) -> None:
    assert as_alice.post(PAGE, {"custom_instructions": "x" * 4001}).status_code == 422
    assert as_alice.post(PAGE, {"custom_instructions": "x" * 4000}).status_code == 302


def test_without_a_name_the_persons_model_is_chosen(alice: User, models: list[LanguageModel]) -> None:
    alice.default_model = "second"
    assert LanguageModel.objects.choose(alice, None) == models[1]
    assert LanguageModel.objects.choose(alice, "first") == models[0]


def test_a_default_that_is_gone_gives_way_to_the_sites(alice: User, models: list[LanguageModel]) -> None:
    alice.default_model = "gone"
    assert LanguageModel.objects.choose(alice, None) == models[0]


def test_a_new_conversation_starts_with_the_persons_model(as_alice: Client, models: object) -> None:
    User.objects.update(default_model="second")
    assert '<option value="second" selected>' in as_alice.get("/").content.decode()


def test_instructions_follow_the_sites_words_and_count(alice: User, models: list[LanguageModel]) -> None:
    prompt = [Message(role=Message.Role.USER, text="Hello")]
    assert system_prompt(alice) == settings.SYSTEM_PROMPT
    without = fit(prompt, models[0], system_prompt(alice))
    alice.custom_instructions = "Answer in the style of a ship's log. " * 20
    fitted = fit(prompt, models[0], system_prompt(alice))
    assert fitted.prompt.system.startswith(settings.SYSTEM_PROMPT)
    assert "ship's log" in fitted.prompt.system
    assert fitted.input_tokens > without.input_tokens + 100


def test_what_is_chosen_counts_for_a_socket_that_was_open_before(alice: User, models: object) -> None:
    """The socket's user object is older than the settings."""
    User.objects.update(default_model="second", custom_instructions="Be brief.")
    asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="Hello"))
    assert Generation.objects.get().model == "second"


async def test_the_model_reads_the_instructions(serving: LiveServer, provider: ProviderServer) -> None:
    async with signed_in(serving, "bob") as socket:
        assert await submit(serving, "bob", PAGE, default_model="", custom_instructions="Call me Captain.") == 302
        await socket.ended(await socket.generate("Hello"))
        assert await submit(serving, "bob", PAGE, default_model="", custom_instructions="") == 302
    [system, *_] = provider.requests[0].body["messages"]
    assert system["role"] == "system"
    assert "Call me Captain." in system["content"]
