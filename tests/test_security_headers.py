"""What protects every page: the content policy, headers and cookies."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from .live.server import ROOT, environment

COOKIES_AND_HEADERS = """
import json
from config import settings
names = [name for name in dir(settings) if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE"))]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def run(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        check=True,
    )


def settings_of(data_dir: Path, **settings: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(run(data_dir, "-c", COOKIES_AND_HEADERS, **settings).stdout)
    return values


def test_a_site_on_https_has_cookies_that_nobody_else_can_set(tmp_path: Path) -> None:
    values = settings_of(tmp_path, SITE_URL="https://chat.example.org")
    assert (values["SESSION_COOKIE_NAME"], values["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert values["SESSION_COOKIE_SECURE"] is values["CSRF_COOKIE_SECURE"] is True
    assert values["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600


def test_forwarded_headers_are_believed_only_when_a_proxy_is_trusted(tmp_path: Path) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in settings_of(tmp_path, SITE_URL="https://chat.example.org")
    trusting = settings_of(tmp_path, SITE_URL="https://chat.example.org", TRUSTED_PROXIES="1")
    assert trusting["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert trusting["SECURE_SSL_REDIRECT"] is True


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_djangos_own_check_for_deployments_finds_nothing(tmp_path: Path, proxies: str) -> None:
    settings = {"SITE_URL": "https://chat.example.org", "TRUSTED_PROXIES": proxies}
    run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **settings)


@pytest.mark.django_db
def test_a_page_runs_nothing_it_does_not_name_and_loads_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/accounts/login/")
    policy = dict(rule.strip().partition(" ")[::2] for rule in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"].startswith("'nonce-")
    assert policy["require-trusted-types-for"] == "'script'"
    assert not [source for source in " ".join(policy.values()).split() if source.startswith(("http", "*"))]


@pytest.mark.django_db
def test_headers_of_every_page(client: Client) -> None:
    headers = client.get("/accounts/login/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.django_db
def test_a_host_that_is_not_the_sites_is_refused(client: Client) -> None:
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/accounts/login/")
    form = {"login": "a@example.org", "password": "x", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
    assert strict.post("/accounts/login/", form, headers={"origin": "http://evil.example"}).status_code == 403
    assert strict.post("/accounts/login/", form, headers={"origin": "http://127.0.0.1:8000"}).status_code == 200
