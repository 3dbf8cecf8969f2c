"""The admin site's frame: what is listed where, for whom, and with which policy."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from config.admin_pages import SECTIONS
from config.model_admin import ModelAdmin

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


def test_the_sidebar_has_everything_under_its_section(as_grace: Client) -> None:
    page = as_grace.get("/admin/").content.decode()
    names = re.findall(r'<h2 id="nav-(\w+)">', page)
    assert names == [name for name in SECTIONS if name in names]
    assert {"people", "models", "records"} <= set(names)
    assert page.count('href="/admin/accounts/user/"') == 2  # beside the page and on it


def test_every_table_stands_on_the_common_base() -> None:
    for model, table in admin.site._registry.items():
        assert isinstance(table, ModelAdmin), model
        assert table.section in SECTIONS


def test_no_page_repeats_the_scripts_or_styles_of_a_stranger(as_grace: Client) -> None:
    for path in ("/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/"):
        page = as_grace.get(path).content.decode()
        assert "<style" not in page
        assert not re.search(r"\son\w+=|style=", page)
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)


def test_staff_without_permissions_see_an_empty_desk(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice, backend=BACKEND)
    page = client.get("/admin/")
    assert b"You don\xe2\x80\x99t have permission to view or edit anything." in page.content
    assert client.get("/admin/accounts/user/").status_code == 403


def test_staff_see_the_tables_they_have_permission_for(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.add(Permission.objects.get(codename="view_usageday"))
    client.force_login(alice, backend=BACKEND)
    page = client.get("/admin/").content.decode()
    assert re.findall(r'<h2 id="nav-(\w+)">', page) == ["records"]


def test_the_password_is_changed_where_everybody_changes_it(as_grace: Client) -> None:
    assert as_grace.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"
