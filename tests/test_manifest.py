"""/manifest.webmanifest: what makes the site an app that can be installed."""

import json
import struct
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User

STATIC = Path(__file__).resolve().parent.parent / "static"


def test_the_manifest_names_the_site_and_icons_of_the_sizes_it_says(client: Client, db: None) -> None:
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    found = json.loads(response.content)
    assert (found["name"], found["start_url"], found["display"]) == ("Parley", "/", "standalone")
    pictures = [icon for icon in found["icons"] if icon["type"] == "image/png"]
    assert {icon["sizes"] for icon in pictures} == {"192x192", "512x512"}
    for icon in pictures:
        head = (STATIC / icon["src"].removeprefix("/static/")).read_bytes()[:24]
        width, height = struct.unpack(">II", head[16:])
        assert f"{width}x{height}" == icon["sizes"]
    assert any(icon.get("purpose") == "maskable" for icon in found["icons"])


def test_pages_link_it_before_a_sign_in_too(client: Client, db: None) -> None:
    assert b'rel="manifest" href="/manifest.webmanifest"' in client.get("/accounts/login/").content


@pytest.mark.parametrize(
    ("theme", "colours"), [("dark", ["#191816"]), ("light", ["#fdfcfa"]), ("", ["#fdfcfa", "#191816"])]
)
def test_the_frame_of_the_window_has_the_themes_colour(
    as_alice: Client, alice: User, theme: str, colours: list[str]
) -> None:
    User.objects.update(theme=theme)
    page = as_alice.get("/settings/").content.decode()
    assert [colour for colour in ("#fdfcfa", "#191816") if colour in page] == colours
