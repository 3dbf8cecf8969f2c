"""``/metrics``: what it counts, and that it is for the operator only."""

import asyncio
import contextlib
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from chat import measuring
from config.measures import Counter, Histogram, text
from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

LOOKS = "parley_event_loop_lag_seconds_bucket"
LINE = re.compile(r'^[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.e+-]+$')


def read(server: LiveServer, **headers: str) -> tuple[int, str]:
    """Status and text of the page."""
    request = urllib.request.Request(f"{server.url}/metrics", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def value(page: str, name: str) -> float:
    return float(re.search(rf"^{re.escape(name)} (.+)$", page, re.MULTILINE)[1])  # type: ignore[index]


async def test_an_answer_is_counted(start_server: Callable[..., LiveServer], provider: ProviderServer) -> None:
    provider.script(tokens=5)
    server = start_server()
    async with signed_in(server) as socket:
        await socket.ended(await socket.generate())
        status, page = read(server)
        assert status == 200
        assert value(page, "parley_viewers") == 1
    assert value(page, 'parley_generations_ended_total{status="completed"}') == 1
    assert value(page, 'parley_tokens_total{direction="output"}') == 5
    assert value(page, "parley_time_to_first_token_seconds_count") == 1
    assert value(page, "parley_generations_running") == value(page, "parley_generations_queued") == 0
    assert all(LINE.match(line) for line in page.splitlines() if not line.startswith("#"))


async def test_who_has_no_budget_left_is_counted(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(DAILY_TOKEN_BUDGET=1)
    async with signed_in(server) as socket:
        await socket.generate()
        await socket.frame("ai:error", code="budget_exhausted")
    assert value(read(server)[1], "parley_budget_refusals_total") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_what_a_proxy_passes_on_is_from_elsewhere(serving: LiveServer, header: str) -> None:
    assert read(serving, **{header: "127.0.0.1"})[0] == 404


def test_the_key_opens_it_from_anywhere(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(METRICS_KEY="open-sesame")
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    assert read(server, Authorization="Bearer open-sesame", **elsewhere)[0] == 200
    assert read(server, Authorization="Bearer open", **elsewhere)[0] == 404
    assert read(server, Authorization="Basic open-sesame", **elsewhere)[0] == 404


def test_no_key_is_not_an_empty_key(serving: LiveServer) -> None:
    assert read(serving, Authorization="Bearer ", **{"X-Forwarded-For": "203.0.113.9"})[0] == 404


def test_a_counter_by_label() -> None:
    counter = Counter("answers_total", "Answers.", "status")
    counter.add(value="completed")
    counter.add(2, 'odd "one"')
    assert text([counter.lines()]).splitlines() == [
        "# HELP answers_total Answers.",
        "# TYPE answers_total counter",
        'answers_total{status="completed"} 1',
        r'answers_total{status="odd \"one\""} 2',
    ]


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram("wait_seconds", "Waits.", (1, 5))
    for seconds in (0.5, 1, 3, 100):
        histogram.observe(seconds)
    assert text([histogram.lines()]).splitlines()[2:] == [
        'wait_seconds_bucket{le="1"} 2',
        'wait_seconds_bucket{le="5"} 3',
        'wait_seconds_bucket{le="+Inf"} 4',
        "wait_seconds_sum 104.5",
        "wait_seconds_count 4",
    ]


async def test_each_look_that_a_blocked_loop_missed_was_late() -> None:
    def later_than_100_ms() -> float:
        page = text([measuring.LOOP_LAG_S.lines()])
        return value(page, "parley_event_loop_lag_seconds_count") - value(page, LOOKS + '{le="0.1"}')

    before = later_than_100_ms()
    watching = asyncio.create_task(measuring.watch_the_loop())
    await asyncio.sleep(0)
    time.sleep(0.65)  # noqa: ASYNC251 (this is what is to be seen)
    async with asyncio.timeout(30):
        while later_than_100_ms() < before + 5:  # of those due after 0.1, 0.2 … 0.5 s
            await asyncio.sleep(0.01)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
