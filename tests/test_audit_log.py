"""The audit log: what is recorded, and that nobody changes it unnoticed."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import audit_triggers
from accounts.models import ApiKey, AuditEntry, AuditHead, BudgetRequest, Invitation, User
from chat.models import Conversation
from tests.conftest import PASSWORD


@pytest.fixture
def guarded(db: None) -> None:
    """The database as it is in production: it refuses changes itself. The test's end takes that back."""
    with connection.cursor() as cursor:
        for statement in audit_triggers.POSTGRESQL if connection.vendor == "postgresql" else audit_triggers.SQLITE:
            cursor.execute(statement)


def three(alice: User) -> list[AuditEntry]:
    return [AuditEntry.objects.record(alice, f"test.{name}", alice) for name in ("one", "two", "three")]


def verified(**options: Any) -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def test_entries_are_chained_and_verified(alice: User) -> None:
    before = AuditEntry.objects.count()
    one, two, _three = three(alice)
    assert two.previous_hash == one.hash
    assert AuditEntry.objects.verify().count == before + 3
    assert f"{before + 3} entries, all as they were written." in verified()


def test_what_was_written_is_what_is_read(alice: User) -> None:
    AuditEntry.objects.record(alice, "test", alice, after={"limit": 5, "name": "\x00\ud800<b>", "many": ["a", None]})
    entry = AuditEntry.objects.get(action="test")
    assert entry.digest() == entry.hash
    assert (entry.actor, entry.actor_name, entry.target_name) == (alice.pk, "alice@example.org", "Alice")
    assert entry.after["limit"] == 5


def test_secrets_are_hidden_and_long_values_cut(alice: User) -> None:
    after = {"password": "hunter2", "api_key": "sk-1", "text": "x" * 10_000, "max_output_tokens": 9}
    entry = AuditEntry.objects.record(alice, "test", after=after)
    assert (entry.after["password"], entry.after["api_key"]) == ("(hidden)", "(hidden)")
    assert len(entry.after["text"]) == 500
    assert entry.after["max_output_tokens"] == 9


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda mine: mine[1:2].update(note="other"), "has been changed"),
        (lambda mine: mine[1:2].delete(), "is missing"),
        (lambda mine: mine[2:3].delete(), "were written"),
    ],
    ids=["changed", "removed", "truncated"],
)
def test_harm_is_found(alice: User, harm: Any, words: str) -> None:
    three(alice)

    class Slices:
        def __getitem__(self, place: slice) -> Any:
            keys = [entry.pk for entry in AuditEntry.objects.filter(action__startswith="test.").order_by("position")]
            return AuditEntry.objects.filter(pk__in=keys[place])

    harm(Slices())
    assert words in AuditEntry.objects.verify().problem
    with pytest.raises(CommandError, match=words):
        verified()


def test_two_that_changed_places_are_found(alice: User) -> None:
    _one, two, three_ = three(alice)
    for entry, position in ((two, 10**6), (three_, two.position), (two, three_.position)):
        AuditEntry.objects.filter(action=entry.action).update(position=position)
    assert AuditEntry.objects.verify().problem


def test_a_log_that_was_written_anew_does_not_hold_the_anchor(alice: User) -> None:
    three(alice)
    verdict = AuditEntry.objects.verify()
    anchor = f"{verdict.count}:{verdict.hash}"
    assert verified(anchor=anchor)
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    for _ in range(verdict.count):
        three(alice)
    assert not AuditEntry.objects.verify().problem
    with pytest.raises(CommandError, match="written anew"):
        verified(anchor=anchor)


@pytest.mark.usefixtures("guarded")
def test_the_database_refuses_changes_and_removal(alice: User) -> None:
    entry = AuditEntry.objects.record(alice, "test")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(note="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    AuditEntry.objects.record(alice, "test")


def test_what_is_rolled_back_leaves_no_gap(alice: User) -> None:
    with transaction.atomic():
        AuditEntry.objects.record(alice, "test")
        transaction.set_rollback(True)
    three(alice)
    assert not AuditEntry.objects.verify().problem


@pytest.mark.django_db(transaction=True)
def test_entries_written_at_once_make_one_chain(alice: User) -> None:
    def write(number: int) -> None:
        try:
            AuditEntry.objects.record(alice, "test.parallel", after={"number": number})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(24)))
    verdict = AuditEntry.objects.verify()
    assert not verdict.problem
    numbers = AuditEntry.objects.filter(action="test.parallel").values_list("after__number", flat=True)
    assert sorted(numbers) == list(range(24))


def test_sign_ins_and_failures_are_recorded_with_the_address(alice: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": alice.email, "password": "wrong"}, REMOTE_ADDR="203.0.113.9")
    failed = AuditEntry.objects.get(action="sign_in.failed")
    assert (failed.actor, failed.after, failed.address) == (None, {"address": alice.email}, "203.0.113.9")
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert AuditEntry.objects.get(action="sign_in").actor == alice.pk
    client.post("/accounts/logout/")
    assert AuditEntry.objects.get(action="sign_out").actor == alice.pk
    assert PASSWORD not in str([entry.record for entry in AuditEntry.objects.all()])


def test_a_granted_budget_is_recorded_with_who_gave_it(alice: User, grace: User) -> None:
    BudgetRequest.objects.ask(alice, "The report is due tonight.").grant(1000, by=grace, note="Good luck")
    entry = AuditEntry.objects.get(action="budget.granted")
    assert (entry.actor, entry.target, entry.after, entry.note) == (
        grace.pk,
        str(alice.pk),
        {"tokens": 1000},
        "Good luck",
    )


def test_an_api_key_leaves_entries_but_never_itself(alice: User) -> None:
    key, text = ApiKey.objects.issue(alice, "bot", "chat")
    assert key.revoke()
    assert not key.revoke()
    entries = AuditEntry.objects.filter(target=str(key.pk))
    assert [entry.action for entry in entries] == ["api_key.revoked", "api_key.created"]
    assert text.split("_", 2)[2] not in str([entry.record for entry in entries])


def test_invitations_and_deletions_are_recorded_without_words_or_links(alice: User, grace: User) -> None:
    link = Invitation.objects.invite("dora@example.org", by=grace)
    token = link.path.rstrip("/").rpartition("/")[2]
    dora = Invitation.objects.accept(token, name="Dora", password=PASSWORD)
    assert dora
    talk = Conversation.objects.create(owner=alice, title="Private words")
    assert talk.discard()
    actions = AuditEntry.objects.filter(action__regex="^(invitation|conversation)").values_list("action", flat=True)
    assert list(actions) == ["conversation.deleted", "invitation.accepted", "invitation.sent"]
    said = str([entry.record for entry in AuditEntry.objects.all()])
    assert token not in said
    assert "Private words" not in said
    assert str(talk.pk) in said


@pytest.mark.parametrize("name", ["key", "new_key", "api_keys", "password1", "client_secret", "access_token"])
def test_nothing_that_sounds_like_a_secret_is_recorded(alice: User, name: str) -> None:
    assert AuditEntry.objects.record(alice, "test", after={name: "hunter2"}).after == {name: "(hidden)"}
