"""Subjects under the same loads, in turns and more than once: a machine is not the same from one minute to the next."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from .measuring import measure
from .provider import ProviderProcess
from .result import Load, Result
from .subjects import Subject

Figure = Callable[[Result], float | None]
WARM_UP = Load(10, 50, 100)  # the first answers warm everything up
WIDTHS = (22, 7, 5, 7, 8, 8, 8, 8, 8, 9, 7, 7, 7, 7, 6, 7, 6)
NAMES = ("subject", "streams", "rate", "at once", "first50", "p50 ms", "p99", "max", "steady99", "tokens/s")
COSTS = ("cpu", "steady", "beside", "B/tok", "tok/fr", "waited%", "failed")


async def in_turns(
    subjects: Sequence[Subject], loads: Sequence[Load], rounds: int, provider: ProviderProcess
) -> list[Result]:
    """All subjects run all the time. In each round each load meets one after the other, another one first each time."""
    results = []
    with contextlib.ExitStack() as running:
        for subject in subjects:
            running.enter_context(subject)
            await measure(subject, provider, WARM_UP)
        print(line([*NAMES, *COSTS]), flush=True)
        for number in range(rounds):
            for load in loads:
                first = number % len(subjects)
                for subject in [*subjects[first:], *subjects[:first]]:
                    results.append(await measure(subject, provider, load))
                    say(results[-1])
    return results


def line(cells: Sequence[str]) -> str:
    return " ".join(f"{cell:<{WIDTHS[0]}}" if n == 0 else f"{cell:>{WIDTHS[n]}}" for n, cell in enumerate(cells))


def say(result: Result) -> None:
    load = result.load
    delays = (result.first_p50, result.p50, result.p99, result.worst, result.steady_p99)
    costs = (result.cpu, result.steady_cpu, result.beside_cpu, result.bytes_per_token)
    cells = [result.subject, str(load.streams), f"{load.rate:g}" if load.rate else "max", str(result.at_once)]
    cells += ["–" if delay is None else f"{delay:.2f}" for delay in delays]
    cells += [f"{result.tokens_per_s:.0f}", *("–" if cost is None else f"{cost:.1f}" for cost in costs)]
    cells += [f"{result.tokens_per_frame:.2f}", f"{result.waited:.1f}", str(result.failed)]
    print(line(cells), flush=True)
    for when, lag in {"all": result.lag, "steady": result.steady_lag}.items():
        if lag is not None:
            print(f"  {when}: {lag}", flush=True)


class Rounds:
    """The results of a part as they were saved, in the order in which they were measured."""

    def __init__(self, figures: dict[str, Any], part: str) -> None:
        try:
            self._results = msgspec.convert(figures.get(part, {}).get("loads", []), list[Result])
        except msgspec.ValidationError:
            print(f"{part}: measured by another version of the benchmark, so left out")
            self._results = []

    def all_of(self, subject: str, figure: Figure) -> list[float]:
        """A figure under every load, in each round that has it."""
        return [value for r in self._results if r.subject == subject and (value := figure(r)) is not None]

    def of(self, subject: str, streams: int, rate: float, figure: Figure) -> list[float]:
        """A figure in each round that has it."""
        met = [r for r in self._results if (r.subject, r.load.streams, r.load.rate) == (subject, streams, rate)]
        return [value for value in map(figure, met) if value is not None]

    def ratios(self, subject: str, over: str, streams: int, rate: float, figure: Figure) -> list[float]:
        """One subject's figure over another's, round by round."""
        mine, theirs = (self.of(each, streams, rate, figure) for each in (subject, over))
        return [one / max(other, 1e-6) for one, other in zip(mine, theirs, strict=False)]
