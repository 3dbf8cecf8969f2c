"""The tests' provider server as a process of its own: it keeps time whatever the clients are doing."""

import json
import subprocess
import sys
import time
import urllib.request
from typing import Any, Self

from tests.live.server import ROOT
from tests.ports import free_port


class ProviderProcess:
    """``with ProviderProcess() as provider``; scripted over its control endpoint."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> Self:
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "tests.provider_server", "--port", port]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.reset()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("the provider did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def script(self, **fields: Any) -> None:
        """What every request is answered with from now on."""
        self._call("PUT", "/script", {"script": fields})

    def reset(self) -> None:
        """Forget all requests."""
        self._call("DELETE", "/requests")

    def requests(self) -> list[dict[str, Any]]:
        """What was asked and sent, with times on the clock that all processes share."""
        found: list[dict[str, Any]] = self._call("GET", "/requests")
        return found

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")
