"""A request is carried out once, however often it comes, and at a price that does not grow."""

from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import TokenBudget, User
from chat.asking import ask
from chat.protocol import Ask, Refused
from tests.asking.requests import MISSING, answer, generate, go_on, refused, regenerate, stored


def test_the_same_request_again_finds_the_generation_and_stores_nothing(alice: User) -> None:
    first = answer(ask(alice, generate()))
    requests: list[Ask] = [generate("More", conversation_id=first.conversation_id), regenerate(first)]
    requests.append(go_on(answer(ask(alice, regenerate(first)), "Half", "cancelled")))
    for request in requests:
        asked = ask(alice, request)
        before = stored()
        again = ask(alice, request)
        assert (again.created, again.opened, again.follows) == (False, False, None)
        assert again.generation == asked.generation
        assert stored() == before


def test_the_same_request_id_with_other_words_is_the_first_request(alice: User) -> None:
    first = ask(alice, generate("One", request_id=MISSING))
    before = stored()
    assert ask(alice, generate("Two", request_id=MISSING)).generation == first.generation
    assert ask(alice, regenerate(MISSING, request_id=MISSING)).generation == first.generation
    assert stored() == before


def test_a_request_id_belongs_to_its_user(alice: User, bob: User) -> None:
    hers = ask(alice, generate("Mine", request_id=MISSING))
    his = ask(bob, generate("Mine too", request_id=MISSING))
    assert his.created
    assert his.generation != hers.generation
    assert his.generation.message.conversation.owner == bob


def test_the_same_request_passes_when_nothing_new_would(alice: User, settings: Settings) -> None:
    """A budget that is used up, a rate limit or a full queue meet what is new, not what is repeated."""
    request = generate()
    ask(alice, request)
    TokenBudget.objects.create(user=alice, limit=0)
    settings.MESSAGES_PER_MINUTE = 0
    assert not ask(alice, request, Refused("queue_full", "Full.")).created


def test_a_request_that_was_refused_can_be_asked_again(alice: User) -> None:
    budget = TokenBudget.objects.create(user=alice, limit=0)
    request = generate()
    assert refused(alice, request).code == "budget_exhausted"
    budget.delete()
    assert ask(alice, request).created


def test_the_queries_do_not_grow_with_the_conversation(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    last = answer(ask(alice, generate()))
    for number in range(15):
        with django_assert_max_num_queries(24):
            asked = ask(alice, generate(f"{number}?", conversation_id=last.conversation_id))
        last = answer(asked)


def test_a_repeated_request_is_found_cheaply(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    request = generate()
    ask(alice, request)
    with django_assert_max_num_queries(4):
        ask(alice, request)
