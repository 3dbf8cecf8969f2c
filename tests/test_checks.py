"""Parley's own system checks: each finds what it is for, with an id and a hint, and nothing on a sound site."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.test import override_settings

from config.cache import Json

POLICY = django_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9"}
PUBLIC = {"SITE_URL": "https://chat.example.org", "TRUSTED_PROXIES": 1}


def found(**settings: Any) -> set[str]:
    with override_settings(**settings):
        messages = run_checks(include_deployment_checks=True)
    ours = [message for message in messages if str(message.id).startswith("parley.")]
    assert all(message.hint for message in ours)
    return {str(message.id) for message in ours}


def with_policy(**rules: Any) -> dict[str, Any]:
    return {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": POLICY | rules}}


def test_a_sound_site_has_nothing_to_say() -> None:
    assert found() == set()
    assert found(**PUBLIC) == set()


@pytest.mark.parametrize(
    ("settings", "id_"),
    [
        (with_policy(**{"script-src": ["'self'", "'unsafe-inline'"]}), "parley.E001"),
        (with_policy(**{"connect-src": ["*"]}), "parley.E001"),
        (with_policy(**{"require-trusted-types-for": []}), "parley.E002"),
        ({"CACHES": {"default": REDIS}}, "parley.E003"),
        ({"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"}, "parley.E004"),
        ({"MIDDLEWARE": django_settings.MIDDLEWARE[1:]}, "parley.E005"),
        (PUBLIC | {"DEBUG": True}, "parley.W006"),
        ({"SITE_URL": "http://chat.example.org"}, "parley.W007"),
        (PUBLIC | {"TRUSTED_PROXIES": 0}, "parley.I008"),
    ],
)
def test_each_finds_what_it_is_for(settings: dict[str, Any], id_: str) -> None:
    assert found(**settings) == {id_}


def test_what_a_shared_cache_holds_is_never_run() -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return exec, ("raise SystemExit('it went off')",)

    assert Json().loads(pickle.dumps(Bomb())) is None
