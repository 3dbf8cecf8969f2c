"""Every address: who has to be signed in there, what a look at it changes, and what its answers wear."""

from typing import Any

from django.apps import apps
from django.urls import reverse

from tests.protections import policy_of, protected
from tests.routes import Route, routes

from .world import OPEN_PREFIXES, ROWS, World, addressed, ask, guarded

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


NOT_PAGES = {"account_logout", "settings_export"}


# What staff without a permission see: the way in and out, and their own password.
STAFF = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n"}


def test_nobody_opened_an_address_to_everybody_by_the_way() -> None:
    found = {
        route.name or route.path
        for route in routes()
        if route.open and not route.in_api and not route.path.startswith(OPEN_PREFIXES)
    }
    described = {route.name for route in routes() if route.in_api and route.path.startswith("api/docs/")}
    assert found <= OPEN, f"Say in OPEN why nobody has to be signed in for: {sorted(found - OPEN)}"
    assert described <= OPEN


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
