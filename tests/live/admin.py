"""A member of the staff at the admin site of a live server."""

import re
from typing import Any

import httpx2

from .server import LiveServer


class AdminBrowser:
    """Opens pages and submits their forms, as a browser does."""

    def __init__(self, server: LiveServer, who: str = "grace") -> None:
        cookies = {"sessionid": server.people[who]["session"]}
        self._client = httpx2.Client(base_url=server.url, cookies=cookies, follow_redirects=True, timeout=30)

    def get(self, path: str) -> str:
        return self._client.get(path).text

    def submit(self, path: str, **fields: Any) -> str:
        """Post a form to the page it is on; the page that follows."""
        return self.post_from(path, path, **fields)

    def post_from(self, page: str, path: str, **fields: Any) -> str:
        """Post a form that is on one page to another address."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page))
        assert token, page
        data = {"csrfmiddlewaretoken": token[1], **fields}
        return self._client.post(path, data=data, headers={"Referer": str(self._client.base_url)}).text
