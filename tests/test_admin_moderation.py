"""Moderators in the admin site: reports, content rules, announcements and the audit log."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import Announcement, AuditEntry, Notice, User
from chat.models import ContentRule, HiddenMessage, Message, Report
from config.spreadsheet import cell
from tests.conversations import written

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
RULE = {"name": "R", "kind": "words", "text": "needle", "applies_to": "both", "action": "block", "enabled": "on"}
RULE |= {"longest_match": "80", "sample": "a needle here\nnothing"}


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


@pytest.fixture
def moderator(bob: User) -> Client:
    """Bob, who may see and decide reports and nothing else."""
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(*Permission.objects.filter(codename__in=["view_report", "change_report"]))
    client = Client()
    client.force_login(bob, backend=BACKEND)
    return client


@pytest.fixture
def report(alice: User) -> Report:
    talk = written(alice, "first secret", "second secret", "the question", HOSTILE)
    assert talk.active_leaf
    return Report.objects.report(talk.active_leaf, "harmful", HOSTILE, by=alice)


def test_a_moderator_sees_what_was_reported_and_nothing_else(moderator: Client, report: Report) -> None:
    page = moderator.get(f"/admin/chat/report/{report.pk}/change/").content.decode()
    assert "the question" in page
    assert "first secret" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 2
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    for path in ("/admin/chat/contentrule/", "/admin/accounts/auditentry/", "/admin/accounts/user/"):
        assert moderator.get(path).status_code == 403


def test_a_decision_is_carried_out_once_and_told(moderator: Client, report: Report, alice: User) -> None:
    path = f"/admin/chat/report/{report.pk}/change/"
    assert moderator.post(path, {"decision": "suspend", "note": ""}).status_code == 200  # for how long?
    assert moderator.post(path, {"decision": "hide", "note": "Enough."}).status_code == 302
    assert HiddenMessage.objects.count() == 1
    assert Notice.objects.filter(user=alice).count() == 1
    assert AuditEntry.objects.get(action="report.hide").note == "Enough."
    assert moderator.post(path, {"decision": "deactivate", "note": ""}).status_code == 403
    assert User.objects.get(pk=alice.pk).is_active


def test_a_suspension_lasts_as_many_days(moderator: Client, report: Report, alice: User) -> None:
    data = {"decision": "suspend", "days": "3", "note": "Pause."}
    assert moderator.post(f"/admin/chat/report/{report.pk}/change/", data).status_code == 302
    alice.refresh_from_db()
    assert alice.suspended
    assert alice.suspended_because == "Pause."


def test_reports_about_staff_or_oneself_are_for_superusers(
    moderator: Client, report: Report, alice: User, bob: User, as_grace: Client
) -> None:
    path = f"/admin/chat/report/{report.pk}/change/"
    for author in (bob, alice):
        User.objects.filter(pk=alice.pk).update(is_staff=True)
        Report.objects.update(author=author)
        assert moderator.post(path, {"decision": "deactivate"}).status_code == 403
    assert as_grace.post(path, {"decision": "deactivate"}).status_code == 302


def test_reports_are_assigned_to_who_takes_them(moderator: Client, report: Report, bob: User) -> None:
    moderator.post("/admin/chat/report/", {"action": "take", "_selected_action": [report.pk]})
    report.refresh_from_db()
    assert (report.state, report.assignee) == ("assigned", bob)


def test_a_report_cannot_be_made_or_removed_in_the_admin(as_grace: Client, report: Report) -> None:
    assert as_grace.get("/admin/chat/report/add/").status_code == 403
    assert as_grace.post(f"/admin/chat/report/{report.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_rule_is_tried_on_a_sample_before_it_is_saved(as_grace: Client) -> None:
    page = as_grace.post("/admin/chat/contentrule/add/", RULE | {"_try": "1"}).content.decode()
    assert "a <mark>needle here</mark>" in page
    assert "nothing <em>" in page
    assert not ContentRule.objects.exists()
    assert as_grace.post("/admin/chat/contentrule/add/", RULE).status_code == 302
    rule = ContentRule.objects.get()
    entry = AuditEntry.objects.get(action="admin.added")
    assert (entry.target, entry.after["text"]) == (str(rule.pk), "needle")


def test_a_rule_that_cannot_work_says_why(as_grace: Client) -> None:
    data = RULE | {"kind": "pattern", "text": "(a"}
    page = as_grace.post("/admin/chat/contentrule/add/", data | {"_try": "1"}).content.decode()
    assert "This is not a pattern: " in page
    assert 'data-testid="trial"' not in page


def test_changes_are_recorded_with_before_and_after(as_grace: Client, alice: User) -> None:
    group = Group.objects.create(name="Lab")
    data = {"text": "One", "level": "info", "starts_at_0": "2026-01-01", "starts_at_1": "10:00:00"}
    as_grace.post("/admin/accounts/announcement/add/", data | {"groups": [group.pk]})
    one = Announcement.objects.get()
    as_grace.post(f"/admin/accounts/announcement/{one.pk}/change/", data | {"text": "Two"})
    entry = AuditEntry.objects.get(action="admin.changed")
    assert (entry.before["text"], entry.after["text"]) == ("One", "Two")
    assert (entry.before["groups"], entry.after["groups"]) == (["Lab"], [])
    as_grace.post(f"/admin/accounts/announcement/{one.pk}/delete/", {"post": "yes"})
    assert AuditEntry.objects.get(action="admin.deleted").target_name == "Two"


def test_the_log_is_read_and_exported_but_not_changed(as_grace: Client, alice: User) -> None:
    AuditEntry.objects.record(alice, "test.formula", alice, note="=HYPERLINK(1)", after={"name": HOSTILE})
    entry = AuditEntry.objects.get(action="test.formula")
    detail = as_grace.get(f"/admin/accounts/auditentry/{entry.pk}/change/").content.decode()
    assert "&lt;script&gt;" in detail
    assert "<script>alert" not in detail
    assert as_grace.post(f"/admin/accounts/auditentry/{entry.pk}/change/", {"note": "x"}).status_code == 403
    assert as_grace.post(f"/admin/accounts/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    page = as_grace.get("/admin/accounts/auditentry/", {"q": "test.formula"}).content.decode()
    assert re.search(r'href="(/admin/accounts/auditentry/export/csv/[^"]*test.formula)"', page)
    answer = as_grace.get("/admin/accounts/auditentry/export/csv/", {"q": "test.formula"})
    [row] = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert row["note"] == "'=HYPERLINK(1)"
    lines = as_grace.get("/admin/accounts/auditentry/export/jsonl/", {"area": "audit."}).content.decode().splitlines()
    exported: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [one["action"] for one in exported] == ["audit.exported"]
    assert AuditEntry.objects.filter(action="audit.exported").count() == 2


def test_the_log_is_for_those_who_may_read_it(moderator: Client) -> None:
    assert moderator.get("/admin/accounts/auditentry/export/csv/").status_code == 404


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell(-1) == -1


def test_lists_ask_the_same_number_of_queries_however_long_they_are(
    as_grace: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    talk = written(alice, *(f"m{n}" for n in range(20)))
    for message in Message.objects.filter(conversation=talk):
        Report.objects.report(message, "other", by=alice)
    for path in ("/admin/chat/report/", "/admin/accounts/auditentry/", "/admin/chat/contentrule/"):
        with django_assert_max_num_queries(12):
            assert as_grace.get(path).status_code == 200
