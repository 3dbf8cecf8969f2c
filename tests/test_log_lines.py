"""Log lines: one for each event, whatever is in it."""

import logging
import sys

import pytest
from django.core.exceptions import SuspiciousOperation

from config.logs import LineFormatter


def line(message: str, **extra: object) -> str:
    record = logging.LogRecord("chat", logging.INFO, __file__, 1, message, None, None)
    vars(record).update(extra)
    return LineFormatter("{levelname} {message}", style="{").format(record)


def test_an_event_is_a_line() -> None:
    assert line("socket opened: user=Zoë") == "INFO socket opened: user=Zoë"


def test_nothing_in_it_can_forge_another_line_or_move_a_terminal() -> None:
    assert line("a\nERROR b\r\x1b[2J\x00\u2028") == r"INFO a\nERROR b\r\x1b[2J\x00\u2028"


def test_nor_turn_the_letters_of_its_own() -> None:
    assert line("/a\u202egnp.exe\u2066\u200f\ufeff\x9b") == r"INFO /a\u202egnp.exe\u2066\u200f\ufeff\x9b"


@pytest.mark.parametrize("name", ["django.security.TooManyFieldsSent", "django.request"])
def test_what_was_refused_has_no_traceback(name: str) -> None:
    try:
        raise SuspiciousOperation("too many fields")
    except SuspiciousOperation:
        text = line("too many fields", exc_info=sys.exc_info(), name=name)
    assert text == "INFO too many fields"


def test_what_went_wrong_has_one() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        broken = {"exc_info": sys.exc_info(), "levelno": logging.ERROR}
        assert "Traceback" in line("Internal Server Error: /", name="django.request", **broken)


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        text = line("failed", exc_info=sys.exc_info())
    assert "ValueError: no" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("key parley_0123456789ab_" + "s" * 43, "key parley_0123…"),
        ("Authorization: Bearer abcdef.ghi-jkl", "Authorization: Bearer …"),
        ("with sk-proj-abcdefghijkl", "with sk-…"),
        ("Cookie: sessionid=abc123def; theme=dark", "Cookie: sessionid=…; theme=dark"),
        ("__Host-sessionid=abc123def", "__Host-sessionid=…"),
        ("Not Found: /accounts/setup/abcDEF_123/", "Not Found: /accounts/setup/…/"),
        ("Not Found: /accounts/password/reset/key/1-abc-def/", "Not Found: /accounts/password/reset/key/…/"),
        ("the bearer of bad news", "the bearer of bad news"),
        ("a task-force of risk-takers", "a task-force of risk-takers"),
    ],
)
def test_secrets_are_left_out(said: str, written: str) -> None:
    assert line(said) == f"INFO {written}"
