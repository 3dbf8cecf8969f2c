"""The admin's list of people, what may be done to them, and what nobody may do."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import budgets
from accounts.models import AuditEntry, CostBudget, TokenBudget, UsageDay, User
from tests.live.admin import AdminBrowser
from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server import ProviderServer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


@pytest.fixture
def heidi(db: None) -> User:
    """Of the staff: manages people, has no other right."""
    heidi: User = User.objects.create_user("heidi@example.org", "correct horse battery", name="Heidi", is_staff=True)
    names = ["view_user", "change_user", "delete_user", "add_user", "change_tokenbudget", "view_tokenbudget"]
    names += ["add_tokenbudget", "change_group", "view_group", "view_usageday"]
    heidi.user_permissions.set(Permission.objects.filter(codename__in=names))
    return heidi


@pytest.fixture
def as_heidi(heidi: User) -> Client:
    client = Client()
    client.force_login(heidi, backend=BACKEND)
    return client


def act(client: Client, action: str, *people: User, **data: Any) -> Any:
    chosen = [str(user.pk) for user in people]
    return client.post(PEOPLE, {"action": action, "_selected_action": chosen, "apply": "1"} | data, follow=True)


def cell(page: str, user: User, column: str) -> str:
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if str(user.pk) in row)
    found = re.search(rf'<td class="field-{column}[^"]*">(.*?)</td>', row)
    assert found
    return found[1]


def test_the_list_says_how_everybody_stands(as_grace: Client, alice: User, bob: User) -> None:
    group = Group.objects.create(name="Writers")
    TokenBudget.objects.create(group=group, limit=5000)
    alice.groups.add(group)
    TokenBudget.objects.create(user=bob, limit=None)
    with_day = UsageDay.objects.open(alice, timezone.now())
    UsageDay.objects.filter(pk=with_day.pk).update(used=1234)
    page = as_grace.get(PEOPLE).content.decode()
    assert [cell(page, alice, name) for name in ("used_today", "budget", "source", "member_of")] == [
        "1,234",
        "5,000",
        "Writers",
        "Writers",
    ]
    assert [cell(page, bob, name) for name in ("budget", "source", "state")] == ["no limit", "own", "active"]


def test_its_queries_do_not_grow_with_the_people(
    as_grace: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    as_grace.get(PEOPLE)  # once a minute a session notes that it was used
    User.objects.bulk_create(User(email=f"p{n}@example.org") for n in range(60))
    with django_assert_max_num_queries(14):
        assert as_grace.get(PEOPLE).status_code == 200


def test_an_action_asks_before_it_acts(as_grace: Client, alice: User) -> None:
    page = as_grace.post(PEOPLE, {"action": "deactivate", "_selected_action": [str(alice.pk)]})
    assert b"alice@example.org" in page.content
    alice.refresh_from_db()
    assert alice.is_active


def test_deactivated_people_are_signed_out(as_grace: Client, alice: User) -> None:
    browser = Client()
    browser.force_login(alice, backend=BACKEND)
    assert browser.get("/settings/").status_code == 200
    act(as_grace, "deactivate", alice)
    alice.refresh_from_db()
    assert not alice.is_active
    assert browser.get("/settings/").status_code == 302
    assert AuditEntry.objects.filter(action="user.deactivated", target=str(alice.pk)).exists()
    act(as_grace, "reactivate", alice)
    assert browser.get("/settings/").status_code == 302  # the session is gone for good


def test_signed_out_everywhere(as_grace: Client, alice: User) -> None:
    browser = Client()
    browser.force_login(alice, backend=BACKEND)
    browser.get("/settings/")
    sessions = Session.objects.count()
    act(as_grace, "sign_out", alice)
    assert browser.get("/settings/").status_code == 302
    assert Session.objects.count() == sessions - 1


def test_budgets_are_set_granted_reset_and_left_to_the_group(as_grace: Client, alice: User) -> None:
    act(as_grace, "set_budget", alice, kind="limit", limit="1000")
    assert budgets.status(alice).limit == 1000
    act(as_grace, "grant_today", alice, amount="500", note="deadline")
    assert budgets.status(alice).limit == 1500
    UsageDay.objects.filter(user=alice).update(used=1400)
    act(as_grace, "reset_today", alice)
    assert budgets.status(alice).remaining == 1000
    assert budgets.status(alice).used == 1400
    act(as_grace, "set_budget", alice, kind="inherit")
    assert not TokenBudget.objects.filter(user=alice).exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "budget.set",
        "budget.granted",
        "budget.reset",
        "budget.unset",
    }


def test_a_wrong_amount_is_said_and_nothing_is_done(as_grace: Client, alice: User) -> None:
    page = act(as_grace, "grant_today", alice, amount="-5")
    assert b"errorlist" in page.content
    assert not UsageDay.objects.filter(user=alice).exists()


def test_the_last_admin_cannot_deactivate_themselves(as_grace: Client, grace: User) -> None:
    act(as_grace, "deactivate", grace)
    grace.refresh_from_db()
    assert grace.is_active


def test_a_second_factor_can_be_required(as_grace: Client, alice: User) -> None:
    act(as_grace, "require_second_factor", alice)
    alice.refresh_from_db()
    assert alice.second_factor_required


async def test_deactivation_ends_sockets_and_answers(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=5_000, rate=50)
    server = start_server(MAX_GENERATIONS_PER_USER=1)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        running, waiting = await alice.generate(), await alice.generate()
        await alice.until(lambda: running.text)
        other = await bob.generate()
        await bob.until(lambda: other.text)
        admin = AdminBrowser(server)
        fields = {"action": "deactivate", "_selected_action": server.people["alice"]["id"], "apply": "1"}
        page = await asyncio.to_thread(admin.submit, PEOPLE, **fields)
        assert "Deactivate: 1 person." in page
        assert await alice.closed() == 4401
        mine = provider.requests[0]
        assert await mine.aleft() < mine.at + 30
        assert not waiting.text
        await bob.until(lambda: len(other.text) > 50)
    assert len(provider.requests) == 2  # what waited was never asked


# ── nobody raises their own rights ──


FORGED = {"email": "x@example.org", "name": "X", "time_zone": "", "is_active": "on", "is_staff": "on"}


@pytest.mark.parametrize("whom", ["heidi", "alice", "grace"])
def test_staff_give_no_rights(
    as_heidi: Client, heidi: User, alice: User, grace: User, whom: str, request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(whom)
    before = (user.is_staff, user.is_superuser, user.user_permissions.count(), user.email)
    permission = Permission.objects.get(codename="change_permission")
    group = Group.objects.create(name="Admins")
    forged = FORGED | {"is_superuser": "on", "user_permissions": [permission.pk], "groups": [group.pk]}
    as_heidi.post(f"{PEOPLE}{user.pk}/change/", forged)
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.user_permissions.count(), user.email) == before
    assert not user.groups.exists()


def test_superusers_do_not_change_their_own_flags(as_grace: Client, grace: User) -> None:
    as_grace.post(f"{PEOPLE}{grace.pk}/change/", {"name": "Grace", "time_zone": ""})
    grace.refresh_from_db()
    assert grace.is_superuser
    assert grace.is_staff


@pytest.mark.parametrize("action", ["deactivate", "sign_out", "set_budget", "grant_today", "require_second_factor"])
def test_staff_do_nothing_to_staff_nor_to_themselves(as_heidi: Client, heidi: User, grace: User, action: str) -> None:
    act(as_heidi, action, heidi, grace, kind="none", amount="5")
    for user in (heidi, grace):
        user.refresh_from_db()
        assert user.is_active
        assert not user.second_factor_required
    assert not TokenBudget.objects.filter(user__in=[heidi, grace]).exists()
    assert not UsageDay.objects.exists()


def test_staff_set_no_passwords_and_delete_nobody(as_heidi: Client, alice: User) -> None:
    password = {"usable_password": "true", "password1": "another good one", "password2": "another good one"}
    assert as_heidi.post(f"{PEOPLE}{alice.pk}/password/", password).status_code == 403
    assert as_heidi.post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_heidi.post(f"{PEOPLE}add/", {"email": "new@example.org"}).status_code == 403
    act(as_heidi, "delete_selected", alice, post="yes")
    assert User.objects.filter(pk=alice.pk).exists()


def test_staff_give_groups_no_permissions(as_heidi: Client, heidi: User) -> None:
    group = Group.objects.create(name="Plain")
    permission = Permission.objects.get(codename="change_permission")
    as_heidi.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Plainer", "permissions": [permission.pk]})
    assert not group.permissions.exists()
    group.permissions.add(permission)
    assert as_heidi.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Mine"}).status_code == 403


def test_staff_give_themselves_no_budget_by_its_table(as_heidi: Client, heidi: User) -> None:
    as_heidi.post("/admin/accounts/tokenbudget/add/", {"user": str(heidi.pk), "limit": "999999"})
    assert not TokenBudget.objects.filter(user=heidi).exists()


@pytest.mark.parametrize(
    ("kind", "whose"),
    [
        ("tokenbudget", "own"),
        ("tokenbudget", "group"),
        ("tokenbudget", "site"),
        ("costbudget", "group"),
        ("costbudget", "site"),
    ],
)
def test_staff_touch_no_budget_that_counts_for_themselves(
    as_heidi: Client, as_grace: Client, heidi: User, kind: str, whose: str
) -> None:
    names = [f"{verb}_{kind}" for verb in ("view", "add", "change", "delete")]
    heidi.user_permissions.add(*Permission.objects.filter(codename__in=names))
    lab = Group.objects.create(name="Lab")
    heidi.groups.add(lab)
    owners: dict[str, dict[str, Any]] = {"own": {"user": heidi}, "group": {"group": lab}, "site": {"for_site": True}}
    fields = owners[whose]
    forged = {name: getattr(value, "pk", "on") for name, value in fields.items()} | {"limit": "999999"}
    table = TokenBudget if kind == "tokenbudget" else CostBudget
    path = f"/admin/accounts/{kind}/"
    assert as_heidi.post(f"{path}add/", forged).status_code == 200  # with a sentence that says what is wrong
    assert not table.objects.exists()
    budget = table.objects.create(**fields, limit=5)
    assert as_heidi.get(f"{path}{budget.pk}/change/").status_code == 200
    for address, data in (("change", forged), ("change", {"limit": "999999"}), ("delete", {"post": "yes"})):
        assert as_heidi.post(f"{path}{budget.pk}/{address}/", data).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": str(budget.pk), "post": "yes"}
    as_heidi.post(path, chosen)
    assert table.objects.get(pk=budget.pk).limit == 5
    assert as_grace.post(f"{path}{budget.pk}/change/", forged).status_code == 302
    assert table.objects.get(pk=budget.pk).limit == 999999


@pytest.mark.parametrize("field", ["for_site", "group"])
def test_a_budget_of_others_is_not_made_ones_own(as_heidi: Client, heidi: User, field: str) -> None:
    lab, others = Group.objects.create(name="Lab"), Group.objects.create(name="Others")
    heidi.groups.add(lab)
    budget = TokenBudget.objects.create(group=others, limit=5)
    path = f"/admin/accounts/tokenbudget/{budget.pk}/change/"
    forged = {"for_site": "on"} if field == "for_site" else {"group": str(lab.pk)}
    as_heidi.post(path, forged | {"limit": "999999"})
    assert TokenBudget.objects.filter(group=others, limit=5).exists()
    assert as_heidi.post(path, {"group": others.pk, "limit": "7"}).status_code == 302


def test_no_password_hash_is_shown_or_asked_about(as_grace: Client, as_heidi: Client, alice: User) -> None:
    for browser in (as_grace, as_heidi):
        page = browser.get(f"{PEOPLE}{alice.pk}/change/").content.decode()
        assert "pbkdf2" not in page
        assert "salt" not in page
        assert alice.password not in page
        for table in ("user/?password__startswith=p", "usageday/?user__password__startswith=p"):
            answer = browser.get(f"/admin/accounts/{table}")
            assert answer.status_code in (400, 302)


def test_a_deletion_tells_nothing_of_what_goes_with_the_person(as_grace: Client, alice: User) -> None:
    alice.conversations.create(title="A secret plan")
    page = as_grace.get(f"{PEOPLE}{alice.pk}/delete/")
    assert b"secret plan" not in page.content
    as_grace.post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=alice.pk).exists()
