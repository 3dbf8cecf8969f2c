"""The API is what its documents say: tried by Schemathesis against a real server, frames against their schemas."""

import json
from typing import Any

import pytest
import schemathesis
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from accounts.models import User
from chat import protocol
from chat.describing import OPERATIONS, asyncapi, openapi
from chat.describing.asyncapi import CLIENT, server_frames, tag
from tests.live.keys import issue
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

API = schemathesis.openapi.from_dict(openapi())
LABELS = sorted(f"{operation.method} {operation.path}" for operation in OPERATIONS)
# A schema cannot say that a new conversation has no message to follow, or that there is no such model.
BEYOND_SCHEMAS = [check for check in CHECKS.get_all() if check.__name__ == "positive_data_acceptance"]


@pytest.fixture
def key(serving: LiveServer, provider: ProviderServer) -> str:
    """One of Alice's that may chat; the provider answers whatever is asked."""
    return issue(serving)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    serving: LiveServer, key: str, label: str, mode: GenerationMode
) -> None:
    """No failure of the server's; no status, header or shape that the document does not know; what breaks its rules
    is refused, and so is whoever has no key."""
    operation = API.find_operation_by_label(label)
    assert operation is not None

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        case.call_and_validate(
            base_url=serving.url, headers={"Authorization": f"Bearer {key}"}, excluded_checks=BEYOND_SCHEMAS, timeout=20
        )

    tried()


def test_every_address_of_the_api_is_described() -> None:
    named = {path for pattern in get_resolver().url_patterns for path in routes(pattern)}
    known = {operation.path.lstrip("/") for operation in OPERATIONS}
    shapes = {path.replace("<uuid:pk>", "{id}").replace("<uuid:", "{").replace(">", "}") for path in named}
    assert {path for path in shapes if path.startswith("api/") and not path.startswith("api/docs/")} == known


def routes(pattern: Any, before: str = "") -> list[str]:
    route = before + str(pattern.pattern)
    if hasattr(pattern, "url_patterns"):
        return [path for each in pattern.url_patterns for path in routes(each, route)]
    return [route]


def test_every_frame_is_described() -> None:
    document = asyncapi()
    names = {message["name"] for message in document["components"]["messages"].values()}
    assert {tag(frame) for frame in (*CLIENT, *server_frames())} == names
    assert "ai:generate" in names and "ai:done" in names
    assert int(document["info"]["version"]) == protocol.VERSION


@pytest.mark.parametrize("document", [openapi, asyncapi])
def test_every_reference_leads_somewhere(document: Any) -> None:
    whole = document()

    def references(part: Any) -> Any:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    found = set(references(whole))
    assert found
    for reference in found:
        place = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    json.dumps(whole)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "openapi.json", "asyncapi.json"])
def test_anybody_may_read_it(client: Client, as_alice: Client, alice: User, name: str) -> None:
    for reader in (Client(), as_alice):
        response = reader.get(f"/api/docs/{name}")
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/html" if not name else "application/json")


@pytest.mark.django_db
def test_the_page_has_every_operation_and_frame(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert all(operation.path in page for operation in OPERATIONS)
    assert all(tag(frame) in page for frame in (*CLIENT, *server_frames()))
