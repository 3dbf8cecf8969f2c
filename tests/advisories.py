"""An advisory service of the tests, as those of Python's and of npm's packages are asked: it knows of a flaw in
whichever packages it is told to."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

BULK = "/-/npm/v1/security/advisories/bulk"


class Advisories:
    """``with Advisories(versions, flawed={"django"}) as service``; ``asked`` are the packages it was asked about."""

    def __init__(self, versions: dict[str, str], flawed: set[str]) -> None:
        self.versions = versions  # of what the browser is sent, for npm asks for these, too
        self.flawed = flawed
        self.asked: set[str] = set()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """Where both programs look it up."""
        osv = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": f"{self.url}/v1/query"}
        return osv | {"NPM_CONFIG_REGISTRY": self.url, "NPM_CONFIG_FETCH_RETRIES": "0"}

    def of_python(self, question: dict[str, Any]) -> dict[str, Any]:
        package = question["package"]
        self.asked.add(package["name"])
        if package["name"] not in self.flawed:
            return {}
        return {"vulns": [{"id": "PYSEC-2026-1", "affected": [{"package": package, "ranges": []}]}]}

    def of_npm(self, question: dict[str, list[str]]) -> dict[str, Any]:
        self.asked |= question.keys()
        flaw = {"id": 1, "url": f"{self.url}/1", "title": "x", "severity": "high", "vulnerable_versions": "*"}
        return {name: [flaw] for name in question if name in self.flawed}

    def package(self, name: str) -> dict[str, Any]:
        version = self.versions.get(name, "1.0.0")
        file = {"tarball": f"{self.url}/{name}.tgz", "integrity": "sha512-" + "A" * 86 + "=="}
        versions = {version: {"name": name, "version": version, "dist": file}}
        return {"name": name, "dist-tags": {"latest": version}, "versions": versions}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(service.package(unquote(self.path[1:])))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                question = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
                self._answer(service.of_npm(question) if self.path == BULK else service.of_python(question))

            def _answer(self, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler
