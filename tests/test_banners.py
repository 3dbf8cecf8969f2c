"""Announcements and notices: who is shown them, until when, and that they can be put away."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import Announcement, Notice, User

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def announce(text: str = "Tonight we move.", **fields: object) -> Announcement:
    return Announcement.objects.create(text=text, **fields)


@pytest.mark.parametrize("path", ["/", "/settings/", "/banners/"])
def test_an_announcement_is_on_every_page(as_alice: Client, path: str) -> None:
    announce()
    assert "Tonight we move." in as_alice.get(path).content.decode()


def test_it_is_shown_in_its_time_only(as_alice: Client) -> None:
    now = timezone.now()
    announce("over", starts_at=now - 2 * HOUR, ends_at=now - HOUR)
    announce("to come", starts_at=now + HOUR)
    announce("now", starts_at=now - HOUR, ends_at=now + HOUR)
    page = as_alice.get("/banners/").content.decode()
    assert ("over" in page, "to come" in page, ">now<" in page) == (False, False, True)


def test_one_for_a_group_is_for_its_people(as_alice: Client, alice: User) -> None:
    group = Group.objects.create(name="Lab")
    announce().groups.add(group)
    assert "Tonight" not in as_alice.get("/banners/").content.decode()
    alice.groups.add(group)
    assert "Tonight" in as_alice.get("/banners/").content.decode()


def test_who_puts_it_away_sees_it_no_more_but_others_do(as_alice: Client, bob: User) -> None:
    one = announce()
    answer = as_alice.post(f"/announcements/{one.pk}/dismissal/", {"next": "/settings/"})
    assert answer["Location"] == "/settings/"
    assert "Tonight" not in as_alice.get("/banners/").content.decode()
    assert one in Announcement.objects.shown_to(bob)


def test_nobody_is_sent_elsewhere_by_it(as_alice: Client) -> None:
    one = announce()
    answer = as_alice.post(f"/announcements/{one.pk}/dismissal/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_notice_is_for_one_person_until_read(as_alice: Client, alice: User, bob: User) -> None:
    mine, theirs = Notice.objects.tell(alice, "Hello {name}.", name="Alice"), Notice.objects.tell(bob, "For Bob.")
    page = as_alice.get("/").content.decode()
    assert "Hello Alice." in page
    assert "For Bob." not in page
    assert as_alice.post(f"/notices/{theirs.pk}/reading/").status_code == 404
    answer = as_alice.post(f"/notices/{mine.pk}/reading/", headers={"HX-Request": "true"})
    assert "Hello Alice." not in answer.content.decode()
    assert Notice.objects.get(pk=theirs.pk).read_at is None


def test_hostile_words_are_inert(as_alice: Client, alice: User) -> None:
    announce(HOSTILE)
    Notice.objects.tell(alice, "{name}", name=HOSTILE)
    page = as_alice.get("/banners/").content.decode()
    assert page.count("&lt;script&gt;") == 2
    assert "<script" not in page
