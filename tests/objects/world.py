"""All there is to be had, who may do what to it, and everybody's browser."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.test import Client

from accounts.models import Announcement, ApiKey, Notice, User
from chat.models import Conversation, Message, PromptTemplate
from tests.protections import policy_of, protected
from tests.routes import Route

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


OPEN_PREFIXES = ("accounts/3rdparty/", "accounts/oidc/", "accounts/google/", "accounts/github/", "accounts/microsoft/",
                 "accounts/saml/", "accounts/social/")  # fmt: skip


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


def addressed(route: Route) -> str:
    """The route with something in each place; what it names is not there."""
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), route.path)
    path = re.sub(r"<(?:int:|str:|path:|slug:)?\w+>", "1", path)
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "accounts", path)
    path = re.sub(r"\(\?P<uidb36>[^)]*\)|\(\?P<(?:key|url)>[^)]*\)", "x", path)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def guarded(response: Any, scripts: str = "'nonce-") -> None:
    """Nothing runs in a page that it does not name, nothing is loaded from elsewhere."""
    if "html" not in response.headers.get("Content-Type", ""):
        return
    policy = policy_of(response.headers)
    assert policy["require-trusted-types-for"] == "'script'"
    assert scripts in policy["script-src"] or "<script" not in response.content.decode()
    assert not [source for source in " ".join(policy.values()).split() if source.startswith(("http", "*"))]
