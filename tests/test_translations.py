"""Every string that a person may read is there in every language, and says the same placeholders."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation.template import templatize

from accounts.languages import preferred_language
from accounts.models import User
from config.translations import LOCALE, compile_all
from tests.live.client import open_socket
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%?[sd]|\{\w+\}")
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def strings_of(code: str) -> Iterator[str]:
    """The first literal of each call of gettext."""
    for call in (part for part in ast.walk(ast.parse(code)) if isinstance(part, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        literals = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name in NAMES and literals:
            yield literals[1 if name.startswith("pgettext") else 0]


def in_templates(text: str) -> Iterator[str]:
    """Django turns templates into something like Python for gettext's tools; its calls are whole in it."""
    for call in re.findall(r"\b(?:_|n?gettext)\(\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", templatize(text)):
        yield from strings_of(call.strip() + ")")


def all_strings() -> set[str]:
    found: set[str] = set()
    for app in ("accounts", "chat", "config"):
        for path in (ROOT / app).rglob("*.py"):
            found |= set(strings_of(path.read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        found |= set(in_templates(path.read_text()))
    return found


def catalogue(code: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / code / "LC_MESSAGES" / "django.po"))


def test_strings_are_found_where_they_are() -> None:
    found = all_strings()
    assert {"Saved.", "Sign in", "New conversation", "%(n)s day", "There is no model to answer."} <= found
    assert len(found) > 300


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_translated_twice(code: str) -> None:
    keys = [(entry.msgctxt, entry.msgid) for entry in catalogue(code)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_string_is_without_a_translation(code: str) -> None:
    translated = {entry.msgid for entry in catalogue(code) if entry.translated() and not entry.fuzzy}
    assert sorted(all_strings() - translated) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_have_the_same_placeholders(code: str) -> None:
    for entry in catalogue(code):
        original = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            assert set(PLACEHOLDER.findall(text)) <= original | set(PLACEHOLDER.findall(entry.msgid)), entry.msgid


def test_what_is_compiled_once_is_not_compiled_again(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text((LOCALE / "de" / "LC_MESSAGES" / "django.po").read_text())
    assert compile_all(tmp_path) == [folder / "django.mo"]
    assert compile_all(tmp_path) == []


@pytest.mark.parametrize(
    ("header", "code"), [("de-AT,en;q=0.5", "de"), ("fr,de;q=0.3", "de"), ("fr", "en"), ("", "en"), ("*", "en")]
)
def test_the_browsers_language_is_taken_when_there_is_it(header: str, code: str) -> None:
    assert preferred_language(header) == code


@pytest.mark.django_db
def test_pages_speak_the_persons_language(as_alice: Client, alice: User) -> None:
    assert "Neue Unterhaltung" in as_alice.get("/", headers={"Accept-Language": "de"}).content.decode()
    User.objects.update(language="de")
    page = as_alice.get("/settings/").content.decode()
    assert '<html lang="de"' in page
    assert "Zeitzone" in page
    User.objects.update(language="en")
    assert "Time zone" in as_alice.get("/settings/", headers={"Accept-Language": "de"}).content.decode()


@pytest.mark.django_db
def test_numbers_are_the_languages_own(as_alice: Client) -> None:
    page = as_alice.get("/settings/usage/", headers={"Accept-Language": "de"}).content.decode()
    assert "0 von 200.000 Token verbraucht, 200.000 übrig." in page


async def test_a_socket_speaks_the_browsers_language(serving: LiveServer) -> None:
    socket = await open_socket(serving, headers={"Accept-Language": "de"})
    await socket.send("ai:resume", request_id="00000000-0000-4000-8000-000000000000", after=0)
    error = await socket.frame("ai:error")
    assert error["message"] == "Diese Anfrage gibt es nicht."
    await socket.close()


async def test_what_failed_behind_the_scenes_is_told_in_the_language_of_who_asked(
    serving: LiveServer, provider: ProviderServer
) -> None:
    provider.script(status=401)
    socket = await open_socket(serving, headers={"Accept-Language": "de"})
    reader = await socket.ended(await socket.generate())
    assert reader.end is not None
    assert reader.end["message"].startswith("Der Anbieter nimmt den Schlüssel dieser Website nicht an")
    await socket.send("ai:generate", request_id="00000000-0000-4000-8000-000000000001", prompt=" ")
    assert (await socket.frame("ai:error", field="prompt"))["message"] == "Die Nachricht ist leer."
    await socket.close()
