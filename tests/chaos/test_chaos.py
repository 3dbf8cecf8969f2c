"""Short runs: real processes, real faults, and nothing that is not as promised. ``make chaos`` runs for longer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bench.provider import ProviderProcess

from .cluster import Cluster, running
from .evidence import Evidence
from .plan import Fault, make_plan
from .report import report
from .run import Load, Run
from .services import FilesOnly, Services, services_for

SEED = 141  # of a plan with all kinds of faults in it
SEED_OF_MANY = 49  # likewise, of three processes
PEOPLE = ("ada", "ben", "cleo")
# Little enough that some are refused near their limit while others run.
BUDGET = {"DAILY_TOKEN_BUDGET": 60_000, "MAX_OUTPUT_TOKENS": 2000}


async def run(folder: Path, services: Services, processes: int, plan: Sequence[Fault], seconds: float) -> Evidence:
    with ProviderProcess() as provider:
        cluster = Cluster(folder, PEOPLE, processes, services, provider, **BUDGET)
        async with running(cluster):
            evidence = await Run(cluster, plan, Load(streams=15), SEED).go(seconds)
    found = report(evidence, SEED, plan, processes)
    assert not found.violations, f"{found.text}\n{cluster.output()}"
    return evidence


def test_one_process_on_files(tmp_path: Path) -> None:
    seconds = 20.0
    plan = make_plan(SEED, seconds, 1, FilesOnly().kinds)
    assert {fault.kind for fault in plan} >= {"kill", "term", "cut", "stall", "provider reset", "provider stall"}
    asyncio.run(run(tmp_path, FilesOnly(), 1, plan, seconds))


def test_three_processes_on_postgresql_and_redis(tmp_path: Path) -> None:
    seconds, processes = 25.0, 3
    with services_for("redis", tmp_path) as services:
        plan = make_plan(SEED_OF_MANY, seconds, processes, services.kinds)
        of_services = {"postgres restart", "postgres terminate", "redis restart", "redis flush", "redis cut"}
        assert {fault.kind for fault in plan} >= {"kill", "term", "cut"} | of_services
        asyncio.run(run(tmp_path, services, processes, plan, seconds))
