"""Reports: what moderators see, what they decide, and what it means for those it is about."""

import datetime
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Notice, User
from chat import asking
from chat.models import (
    ContentRule,
    Conversation,
    Generation,
    HiddenMessage,
    LanguageModel,
    Message,
    Report,
    Share,
)
from chat.models.hidden_message import StillWritten
from chat.moderating import noting
from chat.moderating.rules import in_force
from chat.prompting import fit
from chat.protocol import Continue, Generate, Refused, Regenerate
from tests.conversations import generated, written

pytestmark = pytest.mark.django_db
Decision = Report.Decision


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Alice's: three questions with their answers, the last one awful."""
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    talk = written(alice, "one", "first", "two", "second", "three words of hers", "awful answer")
    assert talk.active_leaf
    generated(talk.active_leaf, status="completed", finish_reason="stop")
    return talk


@pytest.fixture
def answer(conversation: Conversation) -> Message:
    assert conversation.active_leaf
    return conversation.active_leaf


@pytest.fixture
def report(answer: Message, alice: User, bob: User) -> Report:
    Share.objects.put(answer.conversation, for_everyone=True, people=[])
    return Report.objects.report(answer, Report.Reason.HARMFUL, "Look at this", by=bob)


def address(message: Message) -> str:
    return f"/messages/{message.pk}/report/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def told(user: User) -> list[str]:
    return [notice.text for notice in Notice.objects.unread_by(user)]


def test_a_report_keeps_the_message_and_two_before_it_as_they_were(report: Report, answer: Message) -> None:
    Message.objects.update(text="changed")
    assert [shown["text"] for shown in report.shown] == ["second", "three words of hers", "awful answer"]
    assert (report.state, report.author, report.message) == ("new", answer.conversation.owner, answer)


def test_who_may_read_may_report(as_alice: Client, bob: User, answer: Message) -> None:
    assert as_alice.post(address(answer), {"reason": "harmful", "text": "Bad"}).status_code == 204
    assert client_of(bob).post(address(answer), {"reason": "harmful"}).status_code == 404
    Share.objects.put(answer.conversation, for_everyone=True, people=[])
    assert client_of(bob).post(address(answer), {"reason": "other"}).status_code == 204
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    "fields", [{}, {"reason": "nonsense"}, {"reason": "rule"}, {"reason": "other", "text": "x" * 501}]
)
def test_a_report_without_sense_is_refused(as_alice: Client, answer: Message, fields: dict[str, str]) -> None:
    assert as_alice.post(address(answer), fields).status_code == 422
    assert not Report.objects.exists()


def test_a_second_report_of_the_same_replaces_the_words_of_the_first(report: Report, bob: User) -> None:
    assert report.message
    again = Report.objects.report(report.message, Report.Reason.OTHER, "Really", by=bob)
    assert again == report
    assert Report.objects.get().text == "Really"


def test_reports_are_limited(as_alice: Client, answer: Message) -> None:
    codes = {as_alice.post(address(answer), {"reason": "other"}).status_code for _ in range(40)}
    assert codes == {204, 429}


def test_a_dismissed_report_tells_the_reporter_only(report: Report, grace: User, alice: User, bob: User) -> None:
    assert report.assign(grace)
    assert report.decide(Decision.DISMISS, by=grace, note="Fine.")
    assert not report.decide(Decision.HIDE, by=grace)
    assert not report.assign(grace)
    assert len(told(bob)) == 1
    assert told(alice) == []
    entry = AuditEntry.objects.get(action="report.dismiss")
    assert (entry.actor, entry.note) == (grace.pk, "Fine.")


def test_a_hidden_message_is_hidden_from_everybody_everywhere(
    report: Report, answer: Message, grace: User, alice: User, bob: User, as_alice: Client
) -> None:
    assert report.decide(Decision.HIDE, by=grace)
    talk = Conversation.objects.get(pk=answer.conversation_id)
    for page in (
        as_alice.get(f"/c/{talk.pk}/"),
        as_alice.get(f"/messages/{answer.pk}/"),
        client_of(bob).get(f"/c/{talk.pk}/"),
        as_alice.get(f"/c/{talk.pk}/export.md"),
    ):
        assert "awful" not in page.content.decode()
        assert "Hidden by a moderator" in page.content.decode()
    assert Conversation.objects.search(alice, "awful") == []
    model = LanguageModel.objects.get()
    follow_up = Message(conversation=talk, role="user", text="and?")
    turns = fit([*talk.branch(), follow_up], model, "").prompt.turns
    assert not any("awful" in turn.text for turn in turns)
    generation = Generation.objects.get(message=answer)
    assert generation.text_length == len(Message.objects.get(pk=answer.pk).text)
    assert told(alice) == ["A moderator has hidden one of your messages."]
    HiddenMessage.objects.get().restore()
    assert "awful answer" in as_alice.get(f"/c/{talk.pk}/").content.decode()


def test_a_hidden_message_is_not_asked_again_nor_continued(answer: Message, grace: User, alice: User) -> None:
    Generation.objects.update(status="cancelled", finish_reason="cancelled")
    assert answer.parent
    for message in (answer, answer.parent):
        HiddenMessage.objects.hide(message, by=grace)
    for request in (
        Regenerate(request_id=uuid.uuid4(), message_id=answer.pk),
        Continue(request_id=uuid.uuid4(), message_id=answer.pk),
    ):
        with pytest.raises(Refused, match="moderator"):
            asking.ask(alice, request)


def test_the_first_words_of_a_hidden_prompt_are_no_title_any_more(alice: User, grace: User) -> None:
    talk = Conversation.objects.begin(alice, "awful words")
    talk.save()
    first = Message.objects.create(conversation=talk, role="user", text="awful words")
    HiddenMessage.objects.hide(first, by=grace)
    talk.refresh_from_db()
    assert talk.title == ""


def test_an_answer_that_is_being_written_is_not_hidden_yet(report: Report, answer: Message, grace: User) -> None:
    Generation.objects.filter(message=answer).update(status="running")
    with pytest.raises(StillWritten):
        report.decide(Decision.HIDE, by=grace)
    report.refresh_from_db()
    assert (report.state, AuditEntry.objects.filter(action="report.hide").exists()) == ("new", False)


def test_a_warning_is_told_with_the_note(report: Report, grace: User, alice: User) -> None:
    assert report.decide(Decision.WARN, by=grace, note="Please be kind.")
    assert told(alice) == ["A moderator asks you to keep to the rules of this site. Please be kind."]


def test_who_is_suspended_asks_for_nothing_until_then_and_is_told_why(report: Report, grace: User, alice: User) -> None:
    until = timezone.now() + datetime.timedelta(days=2)
    assert report.decide(Decision.SUSPEND, by=grace, note="Twice warned.", until=until)
    with pytest.raises(Refused, match=r"suspended you.*Twice warned\.") as refusal:
        asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="Hello"))
    assert refusal.value.code == "forbidden"
    assert "suspended" in told(alice)[0]
    User.objects.update(suspended_until=timezone.now())
    assert asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="Hello")).created


def test_who_is_deactivated_can_do_nothing(report: Report, grace: User, alice: User, as_alice: Client) -> None:
    Generation.objects.update(status="running")
    assert report.decide(Decision.DEACTIVATE, by=grace)
    assert not User.objects.get(pk=alice.pk).is_active
    assert as_alice.get("/").status_code == 302
    assert Generation.objects.exclude(cancel_requested_at=None).count() == 1


@pytest.mark.parametrize(("action", "reports", "notices"), [("flag", 1, 0), ("warn", 0, 1)])
def test_rules_that_do_not_block_tell_the_moderators_or_the_person(
    alice: User, conversation: Conversation, action: str, reports: int, notices: int
) -> None:
    ContentRule.objects.create(name="Kindness", text="awful", action=action)
    asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="An AWFUL question"))
    assert (Report.objects.count(), len(told(alice))) == (reports, notices)
    assert ContentRule.objects.get().hits == 1
    answer = conversation.active_leaf
    assert answer
    noting.note_answer(alice, answer, None)
    assert (Report.objects.count(), len(told(alice))) == (2 * reports, 2 * notices)


def test_a_rule_that_is_off_does_nothing(alice: User, conversation: Conversation) -> None:
    ContentRule.objects.create(name="Kindness", text="awful", action="block", enabled=False)
    assert not in_force().prompts_blocked.rules
    assert asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="awful")).created
