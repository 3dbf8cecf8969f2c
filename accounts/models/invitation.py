"""An invitation: a link with which one address, and nobody else, gets an account here, once."""

import datetime
import secrets
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import models, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.digests import digest

from .audit_entry import AuditEntry
from .user import User

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

LIFETIME = datetime.timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def with_token(self, token: str) -> "Invitation | None":
        """The open invitation that a link belongs to."""
        return self.open().filter(digest=digest(token)).first()


class InvitationManager(models.Manager.from_queryset(InvitationQuerySet)):  # type: ignore[misc]
    @transaction.atomic
    def invite(self, email: str, *, by: "AbstractBaseUser | None", groups: Iterable[Group] = ()) -> "Link":
        """A fresh link for an address; it ends an earlier one. Raises ValidationError when there is an account."""
        email, groups = email.strip().lower(), list(groups)
        if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exists():
            raise ValidationError(_("There is an account with this e-mail address."), code="taken")
        self.filter(email=email, accepted_at=None).delete()
        token = secrets.token_urlsafe(32)
        expires_at = timezone.now() + LIFETIME
        invitation: Invitation = self.create(email=email, digest=digest(token), invited_by=by, expires_at=expires_at)
        invitation.groups.set(groups)
        AuditEntry.objects.record(by, "invitation.sent", invitation, after={"email": email, "groups": groups})
        return Link(invitation, token)

    @transaction.atomic
    def accept(self, token: str, *, name: str, password: str | None) -> User | None:
        """Create the account. None when the link is spent: the update decides who was first."""
        invitation = self.with_token(token)
        return invitation.accept(name=name, password=password) if invitation else None


class Invitation(models.Model):
    """Of the link only a hash is kept; whoever invites sees it once, or it goes out by mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(gettext_lazy("e-mail address"))
    groups = models.ManyToManyField(Group, verbose_name=gettext_lazy("groups"), blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=gettext_lazy("invited by")
    )
    created_at = models.DateTimeField(gettext_lazy("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(gettext_lazy("valid until"), editable=False)
    accepted_at = models.DateTimeField(gettext_lazy("accepted"), null=True, editable=False)

    objects: ClassVar[InvitationManager] = InvitationManager()

    class Meta:
        verbose_name = gettext_lazy("invitation")
        verbose_name_plural = gettext_lazy("invitations")
        constraints: ClassVar = [
            models.UniqueConstraint("email", condition=models.Q(accepted_at=None), name="one_open_invitation")
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def open(self) -> bool:
        return self.accepted_at is None and self.expires_at > timezone.now()

    def renew(self, *, by: "AbstractBaseUser | None" = None) -> "Link":
        """Another link in place of the earlier one, valid from now on."""
        return Invitation.objects.invite(self.email, by=by or self.invited_by, groups=list(self.groups.all()))

    def revoke(self) -> bool:
        """Nobody can accept it any more. False when somebody has."""
        return bool(Invitation.objects.filter(pk=self.pk, accepted_at=None).delete()[0])

    @transaction.atomic
    def accept(self, *, name: str, password: str | None) -> User | None:
        """The account; None when it was accepted, or has expired, or the address has an account meanwhile."""
        if not Invitation.objects.open().filter(pk=self.pk).update(accepted_at=timezone.now()):
            return None
        if User.objects.filter(email=self.email).exists():
            return None
        user = User.objects.create_user(self.email, password, name=name)
        # Whoever has the link was given it by an admin or read it in the mailbox.
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        user.groups.add(*self.groups.all())
        AuditEntry.objects.record(user, "invitation.accepted", self)
        return user

    @transaction.atomic
    def fulfil(self, user: User) -> None:
        """Its address got an account in another way that proves it."""
        if Invitation.objects.open().filter(pk=self.pk).update(accepted_at=timezone.now()):
            user.groups.add(*self.groups.all())


class Link:
    """An invitation with its token, which exists only as long as this does."""

    def __init__(self, invitation: Invitation, token: str) -> None:
        self.invitation = invitation
        self.path = reverse("account_invitation", args=[token])
        self.url = settings.SITE_URL + self.path

    def send(self) -> bool:
        """Mail it, if mail is set up. False: whoever invites has to pass it on. Raises OSError when mail fails."""
        if not settings.MAIL_IS_SET_UP:
            return False
        words = {"SITE_NAME": settings.SITE_NAME, "link": self.url, "invitation": self.invitation}
        subject = _("You are invited to %(site)s") % {"site": settings.SITE_NAME}
        send_mail(subject, render_to_string("account/email/invitation.txt", words), None, [self.invitation.email])
        return True
