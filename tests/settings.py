"""The settings of the tests: nothing of the machine's own environment, everything in a folder of this run.

``PARLEY_TEST_MODE=postgres`` runs them on a PostgreSQL server of this run's own, ``postgres+redis`` with a Redis, too.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.live.redis import RedisServer
from tests.postgres import PostgresServer

for _name in list(os.environ):
    if _name.startswith(("OPENAI_", "ANTHROPIC_", "DATABASE_", "REDIS_", "EMAIL_", "SECRET_KEY")):
        del os.environ[_name]
_folder = tempfile.mkdtemp(prefix="parley-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ |= {"ENV_FILE": "", "DATA_DIR": _folder, "OLLAMA_URL": "http://127.0.0.1:9", "DEBUG": "0"}
os.environ |= {"SITE_URL": "http://127.0.0.1:8000", "SIGNUP": "closed", "TRUSTED_PROXIES": "0"}

MODE = os.environ.get("PARLEY_TEST_MODE", "sqlite")
if MODE in {"postgres", "postgres+redis"}:
    # One server for this process and those it starts, among them the workers that share the tests.
    if "PARLEY_TEST_POSTGRES" not in os.environ:
        _server = PostgresServer().__enter__()
        atexit.register(_server.__exit__)
        os.environ["PARLEY_TEST_POSTGRES"] = str(_server.folder)
    os.environ["DATABASE_URL"] = PostgresServer(Path(os.environ["PARLEY_TEST_POSTGRES"])).url("postgres")
elif MODE != "sqlite":
    raise ValueError(f"PARLEY_TEST_MODE must be sqlite, postgres or postgres+redis, not {MODE}.")
if MODE == "postgres+redis":
    if "PARLEY_TEST_REDIS" not in os.environ:
        _redis = RedisServer(Path(tempfile.mkdtemp(prefix="parley-redis-", dir="/tmp"))).__enter__()
        atexit.register(shutil.rmtree, _redis.path.parent, ignore_errors=True)
        atexit.register(_redis.__exit__)
        os.environ["PARLEY_TEST_REDIS"] = _redis.url
    os.environ["REDIS_URL"] = os.environ["PARLEY_TEST_REDIS"]

from config.settings import *  # noqa: E402, F403
from config.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402
from config.translations import compile_all  # noqa: E402

compile_all()
if MODE == "sqlite":
    # A file, as in production: threads and processes of a test see one database.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
