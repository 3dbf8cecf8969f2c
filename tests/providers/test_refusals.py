"""What a provider refuses becomes the protocol's codes, and its own words stay out of the sentence."""

import email.utils
import time
from typing import Any

import pytest

from chat.providers.calling import HttpProvider
from chat.providers.refusals import MAX_DETAIL_LENGTH, Refusal, retry_after, scrubbed
from tests.provider_server import ProviderServer

from .reading import error_of

STATUSES = [
    (400, "", "upstream_failed", False),
    (400, "This model's maximum context length is 8192 tokens", "context_too_long", False),
    (400, "prompt is too long: 210000 tokens > 200000 maximum", "context_too_long", False),
    (400, "Your credit balance is too low", "upstream_auth", False),
    (400, "blocked by content_policy_violation", "content_blocked", False),
    (401, "", "upstream_auth", False),
    (402, "", "upstream_auth", False),
    (403, "", "upstream_auth", False),
    (404, "", "model_unavailable", False),
    (408, "", "upstream_failed", True),
    (413, "", "context_too_long", False),
    (429, "", "upstream_rate_limited", True),
    (429, "You exceeded your current quota", "upstream_auth", False),
    (500, "", "upstream_failed", True),
    (502, "", "upstream_failed", True),
    (503, "", "upstream_overloaded", True),
    (529, "", "upstream_overloaded", True),
]


@pytest.mark.parametrize(("status", "words", "code", "retryable"), STATUSES)
async def test_each_status_has_its_code(
    provider: HttpProvider, provider_server: ProviderServer, status: int, words: str, code: str, retryable: bool
) -> None:
    provider_server.script(status=status, error_message=words or "no")
    error = await error_of(provider)
    assert (error.code, error.retryable) == (code, retryable)
    assert len(provider_server.requests) == 1


async def test_the_providers_words_reach_the_log_scrubbed_and_nobody_else(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(status=401, error_message="Incorrect API key: sk-proj-abcdefghijklmnop\nBearer abc.def")
    error = await error_of(provider)
    assert "incorrect" not in error.message.lower()
    assert "incorrect api key" in error.detail
    assert "abcdefghijklmnop" not in error.detail
    assert "abc.def" not in error.detail
    assert "\n" not in error.detail


async def test_the_wait_a_provider_asks_for_is_told(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(status=429, retry_after="7")
    assert (await error_of(provider)).retry_after_s == 7


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "86400"}, 600),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}, 0),
        ({"retry-after": "Fri, 01 Jan 2199 00:00:00 GMT"}, 600),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    ],
    ids=str,
)
def test_retry_after_is_read_and_bounded(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_is_a_wait_from_now() -> None:
    wait = retry_after({"retry-after": email.utils.formatdate(time.time() + 60, usegmt=True)})
    assert wait is not None
    assert 0 < wait <= 60


@pytest.mark.parametrize(
    "body", [None, "", "<html>no</html>", [], {"error": None}, {"error": "text"}, {"error": [1]}, 7]
)
def test_any_body_can_be_read(body: Any) -> None:
    assert Refusal.of_response(500, {}, body).error("m").code == "upstream_failed"
    assert Refusal.of_event(body).error("m").code == "upstream_failed"


def test_a_long_detail_is_cut() -> None:
    assert len(scrubbed("word " * 1000)) == MAX_DETAIL_LENGTH
