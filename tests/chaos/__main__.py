"""``make chaos SEED=… MINUTES=…``: a long run; the evidence is kept when something was not as promised."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from bench.provider import ProviderProcess

from .cluster import Cluster, running
from .plan import kill_in_turn, make_plan
from .report import report
from .run import Load, Run
from .services import Services, services_for

PEOPLE = ("ada", "ben", "cleo", "dan", "eva", "finn", "gil", "hana")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--services", choices=["files", "postgres", "redis"], default="redis")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=60)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--kill-every", type=float, help="instead of a plan by chance: one process after the other")
    parser.add_argument("--keep", type=Path, default=Path("var"), help="folder for evidence of a failure")
    return parser.parse_args()


async def main(chosen: argparse.Namespace, services: Services, folder: Path) -> int:
    seconds = chosen.minutes * 60
    if chosen.kill_every:
        plan = kill_in_turn(chosen.kill_every, seconds, chosen.processes)
        load = Load(chosen.streams, chosen.tokens, chosen.rate, cancelled=0)
    else:
        plan = make_plan(chosen.seed, seconds, chosen.processes, services.kinds)
        load = Load(chosen.streams, chosen.tokens, chosen.rate)
    with ProviderProcess() as provider:
        cluster = Cluster(folder, PEOPLE, chosen.processes, services, provider, DAILY_TOKEN_BUDGET=20_000_000)
        async with running(cluster):
            evidence = await Run(cluster, plan, load, chosen.seed).go(seconds)
    found = report(evidence, chosen.seed, plan, chosen.processes)
    print(found.text)
    if found.violations:
        chosen.keep.mkdir(exist_ok=True)
        evidence.save(chosen.keep / f"chaos-{chosen.seed}.jsonl")
        (chosen.keep / f"chaos-{chosen.seed}.log").write_text(cluster.output())
    return 1 if found.violations else 0


if __name__ == "__main__":
    chosen = arguments()
    with tempfile.TemporaryDirectory(prefix="chaos") as name, services_for(chosen.services, Path(name)) as services:
        sys.exit(asyncio.run(main(chosen, services, Path(name))))
