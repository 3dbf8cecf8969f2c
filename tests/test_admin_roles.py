"""Who gets where in the admin site: every table and page × role × action, from the site's own registry, forged posts
among them. A table or page that is added is in it without being named here."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client

from accounts.models import User
from config.admin_pages import pages

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TABLES = sorted(admin.site._registry, key=lambda model: model._meta.label)
PATHS = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in TABLES]
NOWHERE = "00000000-0000-0000-0000-000000000000"

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def visitor() -> Client:
    return Client()


@pytest.fixture
def person(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def former(bob: User) -> Client:
    """Was a superuser, and has been deactivated."""
    User.objects.filter(pk=bob.pk).update(is_staff=True, is_superuser=True, is_active=False)
    return signed_in(bob)


@pytest.fixture
def staff(db: None) -> Client:
    """Of the staff, without any permission."""
    return signed_in(User.objects.create_user("ivan@example.org", "correct horse battery", is_staff=True))


def attempts(path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Method, address and fields of everything that Django's admin takes for a table."""
    yield "GET", path, {}
    yield "GET", f"{path}?_popup=1", {}
    yield "GET", f"{path}?q=a", {}
    yield "POST", path, {"action": "delete_selected", "_selected_action": NOWHERE, "post": "yes"}
    for address in ("add/", f"{NOWHERE}/change/", f"{NOWHERE}/delete/", "1/change/", "1/delete/"):
        yield "GET", path + address, {}
        yield "POST", path + address, {"post": "yes", "name": "forged", "is_superuser": "on"}
    yield "GET", f"{path}1/history/", {}


def answer(client: Client, method: str, path: str, fields: dict[str, str]) -> int:
    response = client.post(path, fields) if method == "POST" else client.get(path)
    if response.status_code != 302:
        return response.status_code
    # To the sign-in, or on from an object that is not there: nothing has been shown or done.
    location = response.headers["Location"]
    return 401 if "/login/" in location else 404 if location == "/admin/" else 302


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", ["visitor", "person", "former", "staff"])
def test_no_table_opens_without_a_permission(path: str, role: str, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(role)
    for method, address, fields in attempts(path):
        missing = {404} if address.endswith("/history/") else set()
        assert answer(client, method, address, fields) in {401, 403} | missing, (method, address)


@pytest.mark.parametrize("role", ["visitor", "person", "former", "staff"])
def test_no_page_opens_without_its_permission(role: str, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(role)
    for page in pages:
        path = "/admin/" + page.path.replace("<path:pk>", "1").replace("<int:pk>", "1").replace("<uuid:pk>", NOWHERE)
        for method in ("GET", "POST"):
            assert answer(client, method, path, {}) in (401, 403), (method, path)


@pytest.mark.parametrize("role", ["visitor", "person", "former", "staff"])
def test_autocomplete_tells_nothing(role: str, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(role)
    for model, table in admin.site._registry.items():
        for field in table.autocomplete_fields:
            names = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field}"
            assert answer(client, "GET", f"/admin/autocomplete/?{names}&term=a", {}) in (401, 403)


@pytest.mark.parametrize("model", TABLES, ids=[model._meta.label for model in TABLES])
def test_who_may_only_look_changes_nothing(model: type[Model], staff: Client, alice: User) -> None:
    ivan = User.objects.get(email="ivan@example.org")
    codename = f"view_{model._meta.model_name}"
    ivan.user_permissions.set(
        Permission.objects.filter(codename=codename, content_type__app_label=model._meta.app_label)
    )
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    before = model._default_manager.count()
    assert answer(staff, "GET", path, {}) == 200
    assert answer(staff, "POST", f"{path}add/", {"name": "forged"}) == 403
    for one in model._default_manager.all()[:1]:
        for action in ("change", "delete"):
            assert answer(staff, "POST", f"{path}{one.pk}/{action}/", {"post": "yes", "is_superuser": "on"}) == 403
        answer(staff, "POST", path, {"action": "delete_selected", "_selected_action": str(one.pk), "post": "yes"})
    assert model._default_manager.count() == before
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.parametrize("path", PATHS)
def test_superusers_see_every_list_whatever_the_names_are(path: str, grace: User) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    User.objects.create_user("eve@example.org", "correct horse battery", name=hostile[:150])
    for address in (path, f"{path}?q=%3Cscript%3Ealert(1)%3C/script%3E", f"{path}add/"):
        page = signed_in(grace).get(address)
        assert page.status_code in (200, 403)
        assert b"<script>alert" not in page.content
        assert b"<img src=x" not in page.content
