"""``python -m bench.site MESSAGES``: fills the database of a data folder, and says which pages there are to ask for."""

import io
import sys
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from accounts.models import User

OWN = 10  # one message in so many is Alice's; she has more of them than anybody
IN_EACH = 10  # messages in each of the others' conversations
OF_EACH = 1000  # messages of each of the others
FEWEST = 20  # people


class Site(msgspec.Struct, frozen=True):
    """Paths, by what they are; a person's are Alice's."""

    person: dict[str, str]
    admin: dict[str, str]


def fill(messages: int) -> Site:
    """People who asked a lot, and the figures of their days."""
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import User
    from chat.seeding import seed

    from . import talks

    alice = User.objects.get(email="alice@example.org")
    others = messages - messages // OWN
    for _sentence in seed(max(FEWEST, messages // OF_EACH), others // IN_EACH, others):
        pass
    talks.fill(alice, messages // OWN)
    call_command("roll_up", verbosity=0, stdout=io.StringIO())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as it would do by itself a minute later
    return Site(person=pages(alice), admin=admin_pages())


def pages(alice: "User") -> dict[str, str]:
    from chat.models import Conversation

    from .talks import VOCABULARY

    mine = Conversation.objects.visible_to(alice).order_by("created_at")
    first, last = mine.first(), mine.last()
    assert first is not None
    assert last is not None
    return {
        "a new conversation": "/",
        "the list": "/conversations/",
        "the list, 40 further down": "/conversations/?offset=40",
        "the newest conversation": f"/c/{last.pk}/",
        "the oldest conversation": f"/c/{first.pk}/",
        "search: a word in nearly every message": "/search/?q=w0",
        "search: two common words": "/search/?q=w1+w2",
        "search: a rare word": f"/search/?q=w{VOCABULARY - 3}",
        "search: the beginning of most words": "/search/?q=w",
        "search: a word that nobody wrote": "/search/?q=zebra",
    }


def admin_pages() -> dict[str, str]:
    """Every page of the sidebar and every list; the list of people searched, too."""
    from django.contrib import admin

    from config.admin_pages import pages

    lists = {
        f"admin: list of {model._meta.label}": f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # noqa: SLF001
        for model in admin.site._registry  # noqa: SLF001
    }
    shown = {f"admin: page {page.path}": f"/admin/{page.path}" for page in pages if page.title and "<" not in page.path}
    return {"admin: dashboard": "/admin/", **shown, **lists, "admin: a person found": "/admin/accounts/user/?q=person7"}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(msgspec.json.encode(fill(int(sys.argv[1]))).decode() + "\n")
