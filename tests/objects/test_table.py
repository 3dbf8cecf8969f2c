"""Who may do what to which object, at every address: a new one that this table does not know fails here.

What somebody may not see answers exactly as if it were not there.
"""

import re
import uuid

from django.http import HttpResponse
from django.urls import reverse

from accounts.models import ApiKey
from tests.routes import Route, routes

from .world import OPEN_PREFIXES, ROWS, Names, Row, World, ask, guarded

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
