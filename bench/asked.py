"""``python -m bench.asked``: what is asked of Parley's speed beside what was measured last, in ``var/bench.json``."""

import statistics
from collections.abc import Iterator
from typing import Any

import msgspec

from . import admission, shared, side_by_side
from .report import Report
from .rounds import Figure, Rounds
from .verdict import Row, at_least, at_most

PART = "asked"
PARLEY, TUTORIAL, FLOOR = "Parley", "tutorial", "floor"


def beside_the_yardsticks(rounds: Rounds) -> Iterator[Row]:
    """CPU and delay, over whole answers and over their steady part."""
    cpu: dict[str, Figure] = {"": lambda r: r.cpu, ", steady": lambda r: r.steady_cpu}
    p99: dict[str, Figure] = {"": lambda r: r.p99, ", steady": lambda r: r.steady_p99}
    for streams, limit in {50: 1.0, 100: 1.0, 500: 0.8}.items():
        for when, figure in cpu.items():
            found = rounds.ratios(PARLEY, TUTORIAL, streams, 50, figure)
            yield at_most(f"CPU of a token, {streams} x 50/s, over the tutorial's{when}", limit, found)
    for streams in (50, 100, 500):
        for when, figure in cpu.items():
            found = rounds.ratios(PARLEY, FLOOR, streams, 50, figure)
            yield at_most(f"CPU of a token, {streams} x 50/s, over the floor's{when}", 2, found)
    for streams, rate, limit in ((50, 50, 1.0), (200, 50, 1.0), (500, 50, 0.25), (1000, 30, 0.25)):
        for when, figure in p99.items():
            found = rounds.ratios(PARLEY, TUTORIAL, streams, rate, figure)
            yield at_most(f"delay p99, {streams} x {rate}/s, over the tutorial's{when}", limit, found)
    flat_out = rounds.ratios(PARLEY, TUTORIAL, side_by_side.FLAT_OUT.streams, 0, lambda r: r.tokens_per_s)
    yield at_least("tokens/s at saturation, over the tutorial's", 1.5, flat_out)
    first_token = rounds.of(PARLEY, 50, 50, lambda r: r.first_p50)
    yield at_most("first token after the provider's, 50 streams, p50", 5, first_token, "ms")


def all_at_once(rounds: Rounds, figures: dict[str, Any]) -> Iterator[Row]:
    """1,000 streams: carried by who lets all of them run, or queued and refused by who is as delivered."""
    carried = rounds.of(PARLEY, 1000, 50, lambda r: r.p99)
    yield at_most("delay p99, 1000 x 50/s, all let in", 250, carried, "ms")
    yield at_least("1000 x 50/s, all let in: at once", 1000, rounds.of(PARLEY, 1000, 50, lambda r: r.at_once))
    yield at_most("1000 x 50/s, all let in: failed", 0, rounds.of(PARLEY, 1000, 50, lambda r: r.failed))
    for streams in admission.STREAMS:
        what = f"{streams} x {admission.RATE} tokens/s"
        p99 = said(figures, admission.PART, f"{what}: delay p99 of those answered")
        yield at_most(f"delay p99, {streams} x 50/s, limits as delivered", 250, p99, "ms")
        lost = said(figures, admission.PART, f"{what}: refused or lost without a word")
        yield at_most(f"{streams} x 50/s, limits as delivered: lost without a word", 0, lost)


def idle(figures: dict[str, Any]) -> Iterator[Row]:
    sockets = "10000 sockets"
    yield at_most("an idle socket, of 10,000", 20, said(figures, "sockets", f"{sockets}: memory of each"), "KB")
    yield at_most("10,000 idle sockets", 5, said(figures, "sockets", f"{sockets}: share of a core"), "% core")
    answered = said(figures, "sockets", f"{sockets}: heartbeats answered")
    yield at_least("10,000 idle sockets: heartbeats answered", 100, answered, "%")


def with_servers(rounds: Rounds) -> Iterator[Row]:
    """The process alone, and with what database and Redis work for it."""
    figures: dict[str, Figure] = {
        "": lambda r: r.cpu,
        ", steady": lambda r: r.steady_cpu,
        ", with the servers'": lambda r: r.cpu + r.beside_cpu,
    }
    for when, figure in figures.items():
        found = rounds.ratios(shared.WITH_BOTH, shared.EMBEDDED, 1000, 50, figure)
        yield at_most(f"CPU of a token, PostgreSQL and Redis, 1000 x 50/s{when}", 2.5, found)


def event_loop(rounds: Rounds) -> Iterator[Row]:
    """The share of the looks that found it later than a tenth of a second."""
    lags: dict[str, Figure] = {
        "": lambda r: r.lag.over_100_ms if r.lag else None,
        ", steady": lambda r: r.steady_lag.over_100_ms if r.steady_lag else None,
    }
    for streams in (50, 200, 500, 1000):
        for when, figure in lags.items():
            found = rounds.of(PARLEY, streams, 50, figure)
            yield at_most(f"event loop over 100 ms late, {streams} x 50/s{when}", 0, found, "%")


def said(figures: dict[str, Any], part: str, what: str) -> list[float]:
    """One figure of a part, if there is one."""
    value = figures.get(part, {}).get(what, {}).get("value")
    return [] if value is None else [value]


def rows(figures: dict[str, Any]) -> Iterator[Row]:
    rounds = Rounds(figures, side_by_side.PART)
    yield from beside_the_yardsticks(rounds)
    yield from idle(figures)
    yield from all_at_once(rounds, figures)
    yield from with_servers(Rounds(figures, shared.PART))
    yield from event_loop(rounds)


if __name__ == "__main__":
    report = Report(PART)
    asked = list(rows(Report.saved()))
    print(f"{'':62} {'asked':>14} {'measured':>9} {'rounds':>18}")
    for row in asked:
        print(row)
    if waited := Rounds(Report.saved(), side_by_side.PART).all_of(PARLEY, lambda r: r.waited):
        report.say("Parley wanted a core and had none: share of its time, median", statistics.median(waited), "%")
    report.rows("rows", msgspec.to_builtins(asked))
    report.save()
