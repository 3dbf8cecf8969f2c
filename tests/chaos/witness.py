"""The process that looks into the database while a run goes on."""

import subprocess
import sys
import threading

import msgspec

from tests.live.server import ROOT

from .cluster import Cluster
from .evidence import AnyNote

END_TIMEOUT_S = 60


class Witness:
    """Its polls go to the cluster's evidence as they come; what it says in the end is handed over by ``end``."""

    def __init__(self, cluster: Cluster) -> None:
        self._notes: list[AnyNote] = cluster.evidence.notes
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.truth"],
            cwd=ROOT,
            env=cluster.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Have it look at all that is stored, and wait until that is in the evidence."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._thread.join(END_TIMEOUT_S)
        if self._process.wait(END_TIMEOUT_S):
            raise RuntimeError("the witness failed; its reason is above")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._notes.append(msgspec.json.decode(line, type=AnyNote))
