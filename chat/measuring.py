"""What this process has done and what it does now, for whoever watches over it."""

import asyncio
import resource
import time

from config import measures
from config.measures import Counter, Histogram

from .models import Generation

ANSWERS = Counter("parley_generations_ended_total", "Generations that ended in this process, by final state.", "status")
TOKENS = Counter("parley_tokens_total", "Model tokens of generations that ended in this process.", "direction")
BUDGET_REFUSALS = Counter("parley_budget_refusals_total", "Requests refused because a budget was used up.")
FIRST_TOKEN_S = Histogram(
    "parley_time_to_first_token_seconds",
    "From the question to the first token of its answer, waiting in the queue included.",
    (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)
LOOP_LAG_S = Histogram(
    "parley_event_loop_lag_seconds",
    "How late the event loop was: while it is, no token moves.",
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
LOOK_S = 0.1


def ended(generation: Generation) -> None:
    """A generation has its final state."""
    ANSWERS.add(value=generation.status)
    TOKENS.add(generation.input_tokens, "input")
    TOKENS.add(generation.output_tokens, "output")
    if generation.first_token_at is not None:
        FIRST_TOKEN_S.observe((generation.first_token_at - generation.created_at).total_seconds())


async def watch_the_loop() -> None:
    """Look, ten times a second, how late one is woken.

    The looks that a long wait left no time for were late as well: each of them counts. The loop's own clock would
    not do: it stands still within a turn.
    """
    due = time.monotonic()
    while True:
        due += LOOK_S
        await asyncio.sleep(due - time.monotonic())
        LOOP_LAG_S.observe(max(0.0, time.monotonic() - due))


def exposition() -> str:
    """All of it, in Prometheus's text format."""
    from . import generating

    process = generating.current()
    running = sum(runner.admitted for runner in list(process.runners.values()))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return measures.text(
        [
            measures.gauge("parley_generations_running", "Generations that have a slot.", running),
            measures.gauge("parley_generations_queued", "Generations that wait.", len(process.runners) - running),
            measures.gauge("parley_viewers", "Open sockets and event streams.", len(process.viewers)),
            measures.gauge("parley_draining", "1 when this process is going away.", process.draining),
            measures.gauge("parley_cpu_seconds", "Time of the processor used so far.", used.ru_utime + used.ru_stime),
            measures.gauge("parley_memory_peak_bytes", "The most memory used so far.", used.ru_maxrss * 1024),
            *(measure.lines() for measure in (ANSWERS, TOKENS, BUDGET_REFUSALS, FIRST_TOKEN_S, LOOP_LAG_S)),
        ]
    )
