"""Whether the server in this container is alive: exit code 0, or 1 and why."""

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit


def main() -> None:
    # The server answers to the site's own name only.
    host = urlsplit(os.environ.get("SITE_URL", "")).netloc or "127.0.0.1"
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": host}), timeout=4):
            pass
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"{url}: {error}")


if __name__ == "__main__":
    main()
