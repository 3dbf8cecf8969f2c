"""What ``manage.py doctor`` looks at; wrong settings never get this far, for they stop any start."""

import asyncio
import shutil
import stat
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from config import redis
from config.database import unreachable

from .models import LanguageModel
from .providers import ProviderError, registry

LEAST_POSTGRES = 14
LEAST_FREE_BYTES = 500 * 1024 * 1024
ASK_S = 15


class Finding(NamedTuple):
    well: bool
    sentence: str


def examine() -> Iterator[Finding]:
    """Everything in the order in which it would be missed."""
    yield Finding(True, f"The settings are right; the site is {settings.SITE_URL}.")
    yield sign_up()
    yield data_dir()
    yield secret_key()
    yield from database()
    yield from shared()
    yield static_files()
    yield from asyncio.run(providers())


def sign_up() -> Finding:
    proved = settings.MAIL_IS_SET_UP or not settings.SIGNUP.startswith("domain:")
    if proved:
        return Finding(True, f"Sign-up is {settings.SIGNUP}.")
    return Finding(False, "Sign-up is for some domains, but without EMAIL_URL nobody proves that an address is theirs.")


def data_dir() -> Finding:
    free = shutil.disk_usage(settings.DATA_DIR).free
    megabytes = f"{free // 1024**2:,} MB free in {settings.DATA_DIR}"
    if free < LEAST_FREE_BYTES:
        return Finding(False, f"Only {megabytes}: make room before answers can no longer be stored.")
    return Finding(True, f"The data folder can be written, {megabytes}.")


def secret_key() -> Finding:
    path = settings.DATA_DIR / "secret_key"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(False, f"Others on this machine can read {path}: chmod 600 it.")
    return Finding(True, "The secret key is kept to this user.")


def database() -> Iterator[Finding]:
    """Stops at the first thing wrong: the rest could not be asked."""
    if reason := unreachable(connection):
        yield Finding(False, f"The database cannot be used: {reason}.")
        return
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            yield Finding(False, "The database is not up to date: run manage.py migrate.")
            return
        yield from postgres() if connection.vendor == "postgresql" else sqlite()
        yield admins()
    except DatabaseError as error:
        yield Finding(False, f"The database cannot be used: {error}.")


def shared() -> Iterator[Finding]:
    """Redis, if there is to be one."""
    if settings.REDIS_URL:
        failure = redis.examine(settings.REDIS_URL)
        yield Finding(not failure, failure or f"Redis answers at {redis.shown(settings.REDIS_URL)}.")


def sqlite() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        damage = cursor.fetchone()[0]
    if damage == "ok":
        yield Finding(True, "The database is whole and up to date.")
    else:
        yield Finding(False, f"The database is damaged ({damage}): restore a backup.")


def postgres() -> Iterator[Finding]:
    """The server's version and set-up, and what several processes do without Redis."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('max_connections')::int,"
            " datctype, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
        )
        version, connections, locale, encoding = cursor.fetchone()
    if version < LEAST_POSTGRES:
        yield Finding(False, f"The database is PostgreSQL {version}: at least {LEAST_POSTGRES} is needed.")
    elif encoding != "UTF8" or locale in {"C", "POSIX"}:
        sentence = "make one with the encoding UTF8 and a locale such as C.UTF-8"
        yield Finding(False, f"The database has the encoding {encoding} and the locale {locale}: {sentence}.")
    else:
        yield Finding(True, f"The database is PostgreSQL {version} and up to date.")
    pool = connection.settings_dict["OPTIONS"]["pool"]["max_size"]
    yield Finding(
        pool < connections,
        f"A process takes up to {pool} of the {connections} connections that the server allows (DATABASE_POOL_SIZE).",
    )
    if not settings.REDIS_URL:
        yield Finding(
            True,
            "Without REDIS_URL several processes work together through the database: answers of other processes are"
            " seen once a second, a stop takes up to 5 s, and limits on sign-in and frames count for each process.",
        )


def admins() -> Finding:
    if count := User.objects.admins().count():
        return Finding(True, f"Admins: {count}.")
    return Finding(False, "There is no admin yet: open the link that manage.py setup_link prints.")


def static_files() -> Finding:
    if settings.DEBUG or getattr(staticfiles_storage, "hashed_files", None):
        return Finding(True, "The static files are in place.")
    return Finding(False, "The static files are missing: run manage.py collectstatic.")


async def providers() -> list[Finding]:
    """Ask each provider for its models, all at once."""
    try:
        return list(await asyncio.gather(*(_provider(source) for source in await registry.sources())))
    finally:
        await registry.aclose_all()


async def _provider(source: registry.Source) -> Finding:
    if source.kind == LanguageModel.Provider.DEMO:
        return Finding(True, "No provider is set up: the demo model answers.")
    try:
        async with asyncio.timeout(ASK_S):
            offered = await registry.provider_of(*source).offered_models()
    except ProviderError as error:
        return Finding(False, f"{source.label}: {error.message}")
    except TimeoutError:
        return Finding(False, f"{source.label}: no answer within {ASK_S} s.")
    return Finding(True, f"{source.label} answers and offers {len(offered)} models.")
