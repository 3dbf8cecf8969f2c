"""/healthz and /readyz."""

import pytest
from django.test import Client

from config import server


def test_alive_without_a_database_or_a_sign_in(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready_when_the_database_answers(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")


@pytest.mark.django_db
def test_a_draining_process_is_not_ready_and_says_why(client: Client) -> None:
    server.draining.set()
    try:
        response = client.get("/readyz")
    finally:
        server.draining.clear()
    assert (response.status_code, response.content) == (503, b"draining: this process is going away\n")
