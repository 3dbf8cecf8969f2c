"""The client's address: what trusted proxies saw, and never what a client claims."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from accounts.client_address import address_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "address"),
    [
        (0, "", "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", "10.0.0.1"),
        (1, "203.0.113.9:4711", "10.0.0.1", "203.0.113.9"),
        (1, "[2001:DB8::1]:4711", "10.0.0.1", "2001:db8::1"),
        (1, "nonsense", "10.0.0.1", "10.0.0.1"),
        (1, "", "", "0.0.0.0"),
    ],
)
def test_so_many_proxies_are_believed_and_no_more(
    settings: Settings, proxies: int, forwarded: str, peer: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert address_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)) == address
