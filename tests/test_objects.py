"""Who may do what to which object, at every address: a new one that this table does not know fails here.

Alice owns, Carol is shared with, Bob is a stranger, Dave is staff without a permission, Grace has every right, and
two keys of Alice's come without a browser. What somebody may not see answers exactly as if it were not there.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Announcement, ApiKey, Notice, User
from chat.models import Conversation, LanguageModel, Message, PromptTemplate, Share
from tests.conversations import generated, written

from .conftest import PASSWORD
from .protections import policy_of, protected
from .routes import Route, routes

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class World:
    """All there is: Alice's things, and everybody's browser."""

    talk: Conversation
    deleted: Conversation
    prompt: Message
    answer: Message
    key: ApiKey
    session: UserSession
    notice: Notice
    announcement: Announcement
    template: PromptTemplate
    clients: dict[str, Client]


Names = dict[str, object]


@dataclass(frozen=True)
class Row:
    """What an action on an object of Alice's answers to her, and to whom she shares it with. To others: 404."""

    method: str
    names: Callable[[World], Names]
    owner: int
    colleague: int = 404
    fields: dict[str, str] = field(default_factory=dict)


def talk(world: World) -> Names:
    return {"pk": world.talk.pk}


def prompt(world: World) -> Names:
    return {"pk": world.prompt.pk}


def answer(world: World) -> Names:
    return {"pk": world.answer.pk}


def library(world: World) -> Names:
    return {"pk": world.template.pk}


ROWS: dict[str, list[Row]] = {
    "conversation": [Row("get", talk, 200, 200)],
    "conversation_export": [Row("get", talk, 200)],
    "conversation_markdown": [Row("get", talk, 200)],
    "older_messages": [Row("get", lambda world: talk(world) | {"before": world.answer.pk}, 200, 200)],
    "newer_messages": [Row("get", lambda world: talk(world) | {"after": world.prompt.pk}, 200, 200)],
    "title": [Row("post", talk, 204, fields={"title": "Mine now"})],
    "pinning": [Row("post", talk, 204), Row("delete", talk, 204)],
    "archiving": [Row("post", talk, 204), Row("delete", talk, 204)],
    "seen": [Row("post", talk, 204)],
    "draft": [Row("get", talk, 200), Row("put", talk, 204, fields={"text": "words"})],
    "message": [Row("get", prompt, 200, 200), Row("get", answer, 200, 200)],
    "active_branch": [Row("post", answer, 200)],
    "feedback": [Row("put", answer, 204, fields={"value": "good"}), Row("delete", answer, 204)],
    "conversation_sharing": [Row("get", talk, 200)],
    "conversation_fork": [Row("post", talk, 302, 302)],
    "api_conversation": [Row("get", talk, 200, 200)],
    "report": [Row("post", answer, 204, 204, {"reason": "other"})],
    "notice_reading": [Row("post", lambda world: {"pk": world.notice.pk}, 302)],
    "announcement_dismissal": [Row("post", lambda world: {"pk": world.announcement.pk}, 302)],
    "settings_prompt": [
        Row("get", library, 200),
        Row("post", library, 302, fields={"name": "mine", "text": "Say hello"}),
    ],
    "settings_prompt_deletion": [Row("post", library, 302)],
    "restoration": [Row("post", lambda world: {"pk": world.deleted.pk}, 204)],
    "settings_key_revocation": [Row("post", lambda world: {"pk": world.key.pk}, 302)],
    "settings_end_session": [Row("post", lambda world: {"pk": world.session.pk}, 302)],
    "conversation_record": [Row("delete", talk, 204)],  # the last: then it is gone
}
# With what they name tried elsewhere: over the wire, in allauth's own ways, or by a secret in the address.
ELSEWHERE = {
    "api_events": "test_frames_by_role.py",
    "api_cancel": "test_frames_by_role.py",
    "account_setup": "test_setup_link.py",
    "account_invitation": "test_invitations.py",
    "account_confirm_email": "a secret sent by mail",
    "account_reset_password_from_key": "a secret sent by mail",
    "mfa_remove_webauthn": "allauth looks it up through the user",
    "mfa_edit_webauthn": "allauth looks it up through the user",
    "account_elsewhere": "the name of a provider, no object",
}
# Where nobody has to be signed in, and why not.
OPEN = {
    *("account_login", "account_logout", "account_inactive", "account_signup", "account_elsewhere"),
    *("account_email_verification_sent", "account_confirm_login_code", "account_confirm_email"),
    *("account_reset_password", "account_reset_password_done", "account_reset_password_from_key"),
    *("account_reset_password_from_key_done", "account_setup", "account_invitation"),
    *("mfa_authenticate", "mfa_login_webauthn"),
    *("manifest", "healthz", "readyz", "metrics"),  # what is asked by browsers and machines
    *("api_docs", "api_openapi", "api_asyncapi"),  # how it works is no secret
}
OPEN_PREFIXES = ("accounts/3rdparty/", "accounts/oidc/", "accounts/google/", "accounts/github/", "accounts/microsoft/",
                 "accounts/saml/", "accounts/social/")  # fmt: skip
NOT_PAGES = {"account_logout", "settings_export"}
# What staff without a permission see: the way in and out, and their own password.
STAFF = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n"}


@pytest.fixture
def world(transactional_db: None, alice: User, bob: User, grace: User) -> World:
    """Committed, because the API looks from threads of its own."""
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    carol = User.objects.create_user("carol@example.org", PASSWORD, name="Carol")
    dave = User.objects.create_user("dave@example.org", PASSWORD, name="Dave", is_staff=True)
    conversation = written(alice, "prompt", "answer")
    deleted = written(alice, "gone", "answer")
    deleted.discard()
    first, second = conversation.branch()
    generated(second, status="completed", finish_reason="stop")
    Share.objects.put(conversation, for_everyone=False, people=[carol])
    people = {"owner": alice, "colleague": carol, "stranger": bob, "staff": dave, "superuser": grace}
    clients = {role: browser(person) for role, person in people.items()} | {"anonymous": Client()}
    for scope in ApiKey.Scope.values:
        _, text = ApiKey.objects.issue(alice, scope, scope)
        clients[f"key:{scope}"] = Client(headers={"Authorization": f"Bearer {text}"})
    key, _ = ApiKey.objects.issue(alice, "to revoke", "chat")
    elsewhere = {"ip": "192.0.2.1", "user_agent": "x", "last_seen_at": timezone.now()}
    session = UserSession.objects.create(user=alice, session_key="s" * 32, **elsewhere)
    notice = Notice.objects.tell(alice, "Only for Alice.")
    announcement = Announcement.objects.create(text="For Alice's group.")
    announcement.groups.add(group := Group.objects.create(name="Alice's"))
    alice.groups.add(group)
    template = PromptTemplate.objects.create(owner=alice, name="hello", text="Say hello")
    return World(conversation, deleted, first, second, key, session, notice, announcement, template, clients)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def ask(client: Client, method: str, path: str, fields: dict[str, str]) -> HttpResponse:
    """The answer, which wears what all of them do, whatever it says and to whom."""
    client.raise_request_exception = False
    kind = "application/x-www-form-urlencoded"
    more = {} if method == "get" else {"data": urlencode(fields), "content_type": kind}
    response: HttpResponse = getattr(client, method)(path, **more)
    protected(response, path)
    return response


def shape(response: HttpResponse) -> tuple[int, str]:
    """What it looks like, but for what is another at each time."""
    text = response.content.decode()
    return response.status_code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9+/=]{22,}", "", text)


def nobodys(names: Names) -> Names:
    """The same names of what is not there."""
    pk = names["pk"]
    return names | {"pk": uuid.uuid4() if isinstance(pk, uuid.UUID) else 999_999}


def named() -> list[Route]:
    return [route for route in routes() if route.objects and not route.in_admin]


def test_every_address_that_names_an_object_is_in_the_table() -> None:
    found = {route.name for route in named() if not route.path.startswith(OPEN_PREFIXES)}
    unknown = found - ROWS.keys() - ELSEWHERE.keys()
    assert not unknown, f"Say in ROWS who may do what at: {sorted(unknown)}"
    assert not ROWS.keys() - {route.name for route in named()}


def test_nobody_opened_an_address_to_everybody_by_the_way() -> None:
    found = {
        route.name or route.path
        for route in routes()
        if route.open and not route.in_api and not route.path.startswith(OPEN_PREFIXES)
    }
    described = {route.name for route in routes() if route.in_api and route.path.startswith("api/docs/")}
    assert found <= OPEN, f"Say in OPEN why nobody has to be signed in for: {sorted(found - OPEN)}"
    assert described <= OPEN


def test_each_role_at_each_object(world: World) -> None:
    """In the order of the table, on the same things: what one row leaves of them does not change the next."""
    for name, rows in ROWS.items():
        for row in rows:
            names = row.names(world)
            try_each_role(world, row, reverse(name, kwargs=names), reverse(name, kwargs=nobodys(names)))


def try_each_role(world: World, row: Row, path: str, missing: str) -> None:
    in_api = path.startswith("/api/")

    def answered(role: str, to: str) -> HttpResponse:
        return ask(world.clients[role], row.method, to, row.fields)

    for role in ("stranger", "staff", "superuser", *(["colleague"] if row.colleague == 404 else [])):
        refused = shape(answered(role, path))
        assert refused[0] == 404, (role, row.method, path, refused)
        assert refused == shape(answered(role, missing)), (role, path)
    assert answered("anonymous", path).status_code == (401 if in_api else 302)
    for scope in ApiKey.Scope.values:
        expected = row.owner if in_api else 302  # no page knows keys
        assert answered(f"key:{scope}", path).status_code == expected, (scope, path)
    if row.colleague != 404:
        assert answered("colleague", path).status_code == row.colleague, path
    assert answered("owner", missing).status_code == 404, missing
    mine = answered("owner", path)
    assert mine.status_code == row.owner, (path, mine.content[:300])
    guarded(mine)


def addressed(route: Route) -> str:
    """The route with something in each place; what it names is not there."""
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), route.path)
    path = re.sub(r"<(?:int:|str:|path:|slug:)?\w+>", "1", path)
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "accounts", path)
    path = re.sub(r"\(\?P<uidb36>[^)]*\)|\(\?P<(?:key|url)>[^)]*\)", "x", path)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def test_who_is_not_signed_in_is_led_to_the_sign_in_or_told(world: World) -> None:
    for route in routes():
        if route.open and not route.in_api:
            continue
        for role in ("anonymous", *([] if route.in_api else ["key:chat"])):
            for method in ("get", "post"):
                response = ask(world.clients[role], method, addressed(route), {})
                what = (role, method, route.path, response.status_code)
                if route.in_api:
                    assert response.status_code in {401, 405} or route.name in OPEN, what
                else:
                    assert response.status_code in {302, 405}, what
                    assert response.status_code == 405 or "/login/" in response["Location"], what


def test_the_admin_is_for_staff_and_each_page_of_it_for_a_permission(world: World) -> None:
    pages = [route for route in routes() if route.in_admin]
    assert len(pages) > 50
    for route in pages:
        for role in ("owner", "staff"):
            if role == "staff" and route.name in STAFF:
                continue
            for method in ("get", "post"):
                response = ask(world.clients[role], method, addressed(route), {})
                assert response.status_code in {302, 403, 404, 405}, (role, method, route.path, response.status_code)
        response = ask(world.clients["superuser"], "get", addressed(route), {})
        assert response.status_code < 500, (route.path, response.status_code)
        if response.status_code == 200:
            guarded(response, scripts="'self'")


def test_whatever_is_asked_in_whatever_way_the_answer_has_its_headers(world: World) -> None:
    """Also where no test above asks: by methods that no page knows, at addresses that name nothing."""
    statuses = set()
    for route in [*routes(), Route("nothing/", "", open=True, objects=frozenset())]:
        for role, method in (("anonymous", "put"), ("owner", "options"), ("superuser", "put"), ("key:chat", "options")):
            statuses.add(ask(world.clients[role], method, addressed(route), {}).status_code)
        for method in ("TRACE", "PROPFIND"):
            answer = world.clients["owner"].generic(method, addressed(route))
            protected(answer, addressed(route))
            assert answer.status_code == 405, route.path
    assert statuses >= {302, 403, 404, 405}
    assert not {status for status in statuses if status >= 500}


def test_a_look_changes_nothing(world: World) -> None:
    """A link on any other site can make a browser look at an address in somebody's name."""
    there = [reverse(name, kwargs=row.names(world)) for name, rows in ROWS.items() for row in rows]
    paths = {addressed(route) for route in routes()} | set(there)
    for role in ("owner", "superuser"):
        ask(world.clients[role], "get", reverse("account_email"), {})  # notes the address that the account has
    before = everything()
    for role, method in (("owner", "get"), ("owner", "head"), ("superuser", "get"), ("superuser", "options")):
        for path in sorted(paths):
            ask(world.clients[role], method, path, {})
        assert everything() == before, (role, method)


def everything() -> dict[str, list[Any]]:
    """All that is stored, but for who has been where and when, and what the process does by itself meanwhile."""
    passing = {"session", "usersession", "dailyrollup", "retentionrun", "languagemodel"}
    kept = [model for model in apps.get_models() if model._meta.model_name not in passing]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in kept}


def test_every_page_of_a_person_has_its_headers(world: World) -> None:
    seen = 0
    for route in routes():
        if route.objects or route.in_admin or route.in_api or route.name in NOT_PAGES:
            continue
        response = ask(world.clients["owner"], "get", addressed(route), {})
        assert response.status_code < 500, route.path
        if response.status_code == 200 and route.name != "diagrams":  # a frame with a policy of its own, below
            guarded(response)
            seen += 1
    assert seen > 20


def test_the_frame_that_draws_diagrams_has_no_origin_and_no_network_and_only_our_pages_hold_it(world: World) -> None:
    response = ask(world.clients["owner"], "get", "/diagrams/", {})
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = policy_of(response.headers)
    assert policy["sandbox"] == "allow-scripts"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"].startswith("'nonce-")
    assert policy.keys() <= {
        "default-src",
        "script-src",
        "style-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
        "sandbox",
    }
    assert ask(world.clients["anonymous"], "get", "/diagrams/", {}).status_code == 302


def guarded(response: Any, scripts: str = "'nonce-") -> None:
    """Nothing runs in a page that it does not name, nothing is loaded from elsewhere."""
    if "html" not in response.headers.get("Content-Type", ""):
        return
    policy = policy_of(response.headers)
    assert policy["require-trusted-types-for"] == "'script'"
    assert scripts in policy["script-src"] or "<script" not in response.content.decode()
    assert not [source for source in " ".join(policy.values()).split() if source.startswith(("http", "*"))]
