"""An account for whose address nobody had answered, once somebody has shown that the address is theirs."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from .models import ApiKey, AuditEntry, Notice, User, second_factor

TOLD = _(
    "This account had been set up without proof that {email} is its owner's. Now that you have given it, the former "
    "password, sessions, API keys and connections to other sites have ended."
)


def account_of(email: str) -> User | None:
    """The account that somebody who has proved this address may open by it alone.

    An address that somebody has only added to theirs leads nowhere: else it would be a trap for its owner. One with
    a second factor is asked for it after its password, and not opened this way unless its address was proved before.
    """
    proved = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
    if proved is not None:
        user: User = proved.user
        return user
    found = User.objects.filter(email=email).first()
    return None if found is None or second_factor.has_one(found) else found


def make_room_for(emails: Iterable[str]) -> None:
    """Nobody keeps addresses from their owners by adding them, without proof, to their own."""
    EmailAddress.objects.filter(email__in=emails, verified=False, primary=False).delete()


@transaction.atomic
def reclaim(user: User, email: str) -> bool:
    """End all that whoever made the account could still open it with. False when the address had been proved."""
    if EmailAddress.objects.filter(user=user, email=email, verified=True).exists():
        return False
    user.set_unusable_password()
    user.save(update_fields=["password"])
    user.end_sessions()
    ApiKey.objects.end_all(user)
    SocialAccount.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    user.vouch()
    Notice.objects.tell(user, TOLD, email=email)
    AuditEntry.objects.record(user, "account.reclaimed", user)
    return True
