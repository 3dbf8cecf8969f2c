"""Every table and page of the admin site, from its own registry: it asks as many queries for 3 rows as for 30, and
shows hostile texts as texts."""

import json
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.models import Conversation, DailyRollup, Generation, Message, SitePrompt
from config.admin_pages import pages

from .admin_rows import HOSTILE, make

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TABLES = sorted(admin.site._registry, key=lambda model: model._meta.label)
LONG = [model for model in TABLES if model is not SitePrompt]  # which has one row
PAGES = ["/admin/", *("/admin/" + page.path for page in pages if "<" not in page.path)]
FEW, MANY = 3, 30
FORM_QUERIES = 30


def address(model: type[models.Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def label(model: type[models.Model]) -> str:
    return model._meta.label


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    client.get("/admin/")  # what is remembered from the first request on is not counted
    return client


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code in (200, 405)
    return len(asked)


@pytest.mark.parametrize("model", LONG, ids=label)
def test_a_list_asks_as_many_queries_for_few_rows_as_for_many(model: type[models.Model], as_grace: Client) -> None:
    for _ in range(FEW):
        make(model)
    few = queries(as_grace, address(model))
    for _ in range(MANY - FEW):
        make(model)
    assert queries(as_grace, address(model)) == few
    assert as_grace.get(address(model)).content.count(b'name="_selected_action"') in (0, MANY, MANY + 1)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_as_many_queries_whatever_there_is(path: str, as_grace: Client) -> None:
    fill(FEW)
    few = queries(as_grace, path)
    fill(MANY - FEW)
    assert queries(as_grace, path) == few


@pytest.mark.parametrize("model", TABLES, ids=label)
def test_a_form_asks_few_queries_whatever_may_be_chosen(model: type[models.Model], as_grace: Client) -> None:
    one = make(model)
    path = f"{address(model)}{quote(one.pk)}/change/"
    few = queries(as_grace, path)
    assert few < FORM_QUERIES
    pointed_to = {field.related_model for field in [*model._meta.fields, *model._meta.many_to_many]}
    for table in [table for table in pointed_to if isinstance(table, type)]:
        for _ in range(FEW):
            make(table)
    assert queries(as_grace, path) == few


def fill(count: int) -> None:
    """Answers that are being written, and days that are counted, among all else."""
    for _ in range(count):
        conversation = make(Conversation)
        question = make(Message, conversation=conversation, role="user")
        answer = make(Message, conversation=conversation, parent=question, role="assistant")
        make(Generation, message=answer)
        make(DailyRollup)
        for model in LONG:
            make(model)


def shown(client: Client, model: type[models.Model], row: models.Model) -> Iterator[str]:
    """What each page about a row says."""
    path = address(model)
    one = f"{path}{quote(row.pk)}/"
    for each in (path, f"{path}?q={HOSTILE}", f"{path}add/", f"{one}change/", f"{one}history/", f"{one}delete/"):
        response = client.get(each)
        assert response.status_code in (200, 403), each
        yield response.content.decode()
    chosen = {"action": "delete_selected", "_selected_action": str(row.pk)}
    yield client.post(path, chosen, follow=True).content.decode()


@pytest.mark.parametrize("model", TABLES, ids=label)
def test_hostile_texts_are_texts_on_every_page_of_a_table(model: type[models.Model], as_grace: Client) -> None:
    row = make(model)
    LogEntry.objects.create(
        user=User.objects.get(email="grace@example.org"),
        content_type=ContentType.objects.get_for_model(model),
        object_id=str(row.pk),
        object_repr=HOSTILE,
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"name": HOSTILE, "object": HOSTILE, "fields": [HOSTILE]}}]),
    )
    said = list(shown(as_grace, model, row))
    assert any("script&gt;alert(1)" in page for page in said)  # it is there, as a text
    for page in said:
        assert_inert(page)


@pytest.mark.parametrize("path", PAGES)
def test_hostile_texts_are_texts_on_every_other_page(path: str, as_grace: Client, grace: User) -> None:
    fill(1)
    User.objects.filter(pk=grace.pk).update(name=HOSTILE)
    for each in (path, f"{path}?q={HOSTILE}&person={HOSTILE}&conversation={HOSTILE}&first={HOSTILE}&days={HOSTILE}"):
        assert_inert(as_grace.get(each).content.decode())
    assert_inert(as_grace.post(path, {"reason": HOSTILE, "conversation": HOSTILE, "sentence": ""}).content.decode())


def assert_inert(page: str) -> None:
    assert "<script>alert" not in page
    assert "<img src=x" not in page
