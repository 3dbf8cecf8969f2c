"""Scripts with a key, as they come from outside."""

import uuid

from websockets.asyncio.client import connect

from accounts.models.api_key import digest
from tests.live.client import SocketClient
from tests.live.server import LiveServer


def issue(server: LiveServer, name: str = "alice", scope: str = "chat", expires_at: str | None = None) -> str:
    """A key put into the database of a running server."""
    prefix = uuid.uuid4().hex[:12]
    text = f"parley_{prefix}_{'s' * 43}"
    row = (uuid.uuid4().hex, "Script", scope, prefix, digest(text), "2026-01-01", expires_at)
    server.execute(
        "INSERT INTO accounts_apikey (id, name, scope, prefix, digest, created_at, expires_at, user_id) "
        "SELECT ?, ?, ?, ?, ?, ?, ?, id FROM accounts_user WHERE email = ?",
        *row,
        f"{name}@example.org",
    )
    return text


async def bot(server: LiveServer, key: str, **headers: str) -> SocketClient:
    """A socket as a script opens it: no cookie, no Origin."""
    url = server.url.replace("http", "ws") + "/ws/chat/"
    sent = {"Authorization": f"Bearer {key}", **headers}
    connection = await connect(url, additional_headers=sent, compression=None, ping_interval=None, proxy=None)
    return SocketClient(connection, {})
