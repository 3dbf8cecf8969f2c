"""/settings/appearance/: the theme and the language, kept on the server."""

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
PAGE = "/settings/appearance/"
THEME = "/settings/theme/"


def root(page: bytes) -> str:
    """The page's <html> tag."""
    return page.decode().split("<html", 1)[1].split(">", 1)[0]


def test_theme_and_language_can_be_chosen(as_alice: Client) -> None:
    response = as_alice.post(PAGE, {"theme": "dark", "language": "en"}, follow=True)
    assert b"Saved." in response.content
    assert User.objects.values_list("theme", "language").get() == ("dark", "en")


def test_the_theme_is_in_the_page_before_any_script_runs(as_alice: Client) -> None:
    assert "data-theme" not in root(as_alice.get("/").content)
    as_alice.post(THEME, {"theme": "light"})
    assert 'data-theme="light"' in root(as_alice.get("/").content)


def test_the_button_of_the_chat_sets_the_theme_alone(as_alice: Client) -> None:
    User.objects.update(language="en")
    assert as_alice.post(THEME, {"theme": "dark"}).status_code == 204
    assert as_alice.post(THEME, {"theme": ""}).status_code == 204
    assert User.objects.values_list("theme", "language").get() == ("", "en")


@pytest.mark.parametrize("theme", ["sepia", "dark ", '"><script>'])
def test_a_theme_that_does_not_exist_is_refused(as_alice: Client, theme: str) -> None:
    assert as_alice.post(THEME, {"theme": theme}).status_code == 400
    assert as_alice.post(PAGE, {"theme": theme, "language": ""}).status_code == 422
    assert User.objects.get().theme == ""


def test_a_language_that_does_not_exist_is_refused(as_alice: Client) -> None:
    assert as_alice.post(PAGE, {"theme": "", "language": "tlh"}).status_code == 422


def test_the_chosen_language_goes_before_the_browsers(as_alice: Client) -> None:
    User.objects.update(language="en")
    response = as_alice.get(PAGE, headers={"Accept-Language": "de"})
    assert response["Content-Language"] == "en"
    assert 'lang="en"' in root(response.content)


def test_reading_does_not_set_a_theme(as_alice: Client) -> None:
    assert as_alice.get(THEME).status_code == 405
