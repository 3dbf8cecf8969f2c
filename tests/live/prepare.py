"""Makes a data folder with a migrated database and people who are signed in; run as a process of its own."""

import json
import os
import sys

import django


def main(names: list[str]) -> None:
    """Prints a JSON object: name → {"id", "session"}."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from accounts.models import User

    call_command("migrate", verbosity=0)
    password = make_password("correct horse battery")  # once: it is slow on purpose
    people = {}
    for name in names:
        make = User.objects.create_superuser if name == "grace" else User.objects.create_user
        user = make(f"{name}@example.org", None, name=name.title(), time_zone="UTC")
        user.password = password
        user.save()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        people[name] = {"id": str(user.pk), "session": session.session_key}
    print(json.dumps(people))


if __name__ == "__main__":
    main(sys.argv[1:])
