"""An OpenID Connect provider on loopback: it signs in whoever ``person`` is, without asking."""

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit


class OidcProvider:
    """``with OidcProvider() as provider``; ``person`` is what ``userinfo`` says."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.codes: set[str] = set()
        self.token_requests: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def configuration(self) -> dict[str, Any]:
        names = ("authorization", "token", "userinfo")
        endpoints = {f"{name}_endpoint": f"{self.url}/{name}" for name in names}
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **endpoints}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes on to."""
        self.codes.add(code := secrets.token_hex(8))
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        self.token_requests.append(form)
        if form.get("code") not in self.codes:
            return {"error": "invalid_grant"}
        self.codes.discard(form["code"])
        return {"access_token": secrets.token_hex(8), "token_type": "Bearer"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorization":
                    self.send_response(302)
                    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                elif parts.path == "/.well-known/openid-configuration":
                    self._answer(provider.configuration())
                else:
                    self._answer(provider.person)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

            def _answer(self, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(400 if "error" in content else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing on standard error."""

        return Handler
