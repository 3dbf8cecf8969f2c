"""/settings/ and the time zone that the browser tells."""

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
ZONE = "/settings/time-zone/"


def test_name_and_time_zone_can_be_changed(as_alice: Client) -> None:
    response = as_alice.post("/settings/", {"name": "Alice L.", "time_zone": "Asia/Tokyo"}, follow=True)
    assert b"Saved." in response.content
    assert User.objects.values_list("name", "time_zone").get() == ("Alice L.", "Asia/Tokyo")


def test_a_zone_that_does_not_exist_is_refused_and_changes_nothing(as_alice: Client) -> None:
    response = as_alice.post("/settings/", {"name": "A", "time_zone": "Mars/Olympus"})
    assert response.status_code == 422
    assert User.objects.get().name == "Alice"


def test_the_address_cannot_be_changed_here(as_alice: Client) -> None:
    as_alice.post("/settings/", {"name": "A", "time_zone": "UTC", "email": "x@example.org", "is_staff": "on"})
    assert User.objects.values_list("email", "is_staff").get() == ("alice@example.org", False)


def test_the_browser_tells_the_zone_once(as_alice: Client) -> None:
    assert as_alice.post(ZONE, {"time_zone": "Europe/Paris"}).status_code == 204
    assert as_alice.post(ZONE, {"time_zone": "Asia/Tokyo"}).status_code == 204
    assert User.objects.get().time_zone == "Europe/Paris"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_a_browser_that_tells_nonsense_gets_a_sentence(as_alice: Client, zone: str) -> None:
    response = as_alice.post(ZONE, {"time_zone": zone})
    assert (response.status_code, b"is not a time zone" in response.content) == (400, True)


def test_reading_is_not_telling(as_alice: Client) -> None:
    assert as_alice.get(ZONE).status_code == 405


def test_without_a_known_zone_it_is_utc(alice: User) -> None:
    alice.time_zone = "No/Longer"
    assert str(alice.zone) == "UTC"


def test_nobody_keeps_a_copy_of_a_persons_page(as_alice: Client) -> None:
    assert as_alice.get("/settings/")["Cache-Control"] == "private, no-store"
