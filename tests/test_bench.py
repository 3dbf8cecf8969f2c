"""What the benchmark makes of its figures: a table that could not say "not reached" would say nothing."""

import asyncio
import math

import msgspec
import pytest

from bench.asked import rows
from bench.lag import between
from bench.load import open_streams
from bench.result import Load, Result
from bench.rounds import Rounds
from bench.verdict import at_least, at_most


def result(subject: str, cpu: float, streams: int = 50) -> Result:
    nothing = dict.fromkeys(("first_p50", "p50", "p99", "worst", "tokens_per_s", "beside_cpu", "waited"), 1.0)
    sizes = {"at_once": 1, "failed": 0, "bytes_per_token": 1.0, "tokens_per_frame": 1.0}
    none = dict.fromkeys(("steady_p99", "steady_cpu", "lag", "steady_lag"))
    figures = {"subject": subject, "load": Load(streams, 50, 100), "cpu": cpu, **nothing, **sizes, **none}
    return msgspec.convert(figures, Result)


def measured(*results: Result) -> dict[str, object]:
    return {"side by side": {"loads": msgspec.to_builtins(list(results))}}


def test_a_ratio_is_taken_round_by_round() -> None:
    quiet, loud = (result("Parley", 60), result("tutorial", 50)), (result("Parley", 150), result("tutorial", 100))
    rounds = Rounds(measured(*quiet, *loud), "side by side")
    assert rounds.ratios("Parley", "tutorial", 50, 50, lambda r: r.cpu) == pytest.approx([1.2, 1.5])
    assert rounds.ratios("Parley", "tutorial", 200, 50, lambda r: r.cpu) == []
    assert rounds.of("Parley", 50, 50, lambda r: r.steady_cpu) == []


def test_what_is_asked_is_reached_or_not_or_was_not_measured() -> None:
    assert at_most("cpu", 1, [0.9, 1.0, 3.0]).reached is True
    assert at_most("cpu", 1, [0.9, 1.01, 3.0]).reached is False
    assert at_least("tokens", 1.5, [1.4]).reached is False
    assert at_most("cpu", 1, []).reached is None


def test_the_table_has_every_row_whatever_was_measured() -> None:
    nothing = list(rows({}))
    assert {row.reached for row in nothing} == {None}
    some = {row.what: row for row in rows(measured(result("Parley", 60), result("tutorial", 50), result("floor", 40)))}
    assert list(some) == [row.what for row in nothing]
    over_tutorial = some["CPU of a token, 50 x 50/s, over the tutorial's"]
    over_floor = some["CPU of a token, 50 x 50/s, over the floor's"]
    assert (over_tutorial.measured, over_tutorial.reached) == (1.2, False)
    assert (over_floor.measured, over_floor.reached) == (1.5, True)


def test_figures_of_another_version_are_left_out() -> None:
    assert {row.reached for row in rows({"side by side": {"loads": [{"subject": "Parley"}]}})} == {None}


def test_how_late_the_event_loop_was_meanwhile() -> None:
    bounds = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, math.inf)
    before = dict.fromkeys(bounds, 10)
    after = dict(zip(bounds, (10, 18, 18, 18, 19, 19, 20, 20, 20, 20), strict=True))
    lag = between(before, after)
    assert (lag.looks, lag.over_5_ms, lag.over_25_ms, lag.over_100_ms) == (10, 20, 20, 10)
    assert lag.latest_ms == 250
    assert between(before, after | {math.inf: 21}).latest_ms is None


async def test_a_reader_answers_a_ping_behind_a_token_and_knows_why_it_was_closed() -> None:
    answered = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x22{"type":"ai:token","chunk":"~1 "}\x89\x04abcd')
        answered.set_result(await reader.readexactly(10))
        writer.write(b"\x88\x18\x03\xf3keepalive ping timeout")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        [stream] = await open_streams(server.sockets[0].getsockname()[1], ["Host: x\r\n"])
        async with asyncio.timeout(30):
            assert await answered == b"\x8a\x84\0\0\0\0abcd"
            await stream.ended
    assert (stream.code, len(stream.delays_us)) == ("closed_1011", 1)
