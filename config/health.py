"""Is the process alive, and is it fit to serve? For load balancers and supervisors."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from . import redis
from .server import draining


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200, or 503 with one line for each thing that fails. Without Redis all goes on, so that it is only said."""
    failures = [failure for failure in (_draining(), _database()) if failure]
    lines = [*(failures or ["ready"]), *_redis()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain", status=503 if failures else 200)


def _draining() -> str:
    return "draining: this process is going away" if draining.is_set() else ""


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_user LIMIT 1")
    except DatabaseError as error:
        return f"database: {error}"
    return ""


def _redis() -> list[str]:
    failure = settings.REDIS_URL and redis.examine(settings.REDIS_URL)
    return [f"redis: {failure}"] if failure else []
