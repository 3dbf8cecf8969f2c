"""Signing in with an account of another site: who may, and what comes with it."""

from typing import Any

from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest

from . import directory
from .adapter import domain_may_sign_up
from .models import Invitation, User
from .reclaiming import account_of, make_room_for, reclaim

OIDC = "oidc"


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Other sites are set up by whoever runs this one, never in the database."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        apps = [
            SocialApp(provider=kind, **fields)
            for kind, described in app_settings.PROVIDERS.items()
            for fields in described.get("APPS", [])
        ]
        return [
            app
            for app in apps
            if provider in {None, app.provider, app.provider_id} and client_id in {None, app.client_id}
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """For whom sign-up is open, for everybody in the directory if it says so, and for those who are invited.
        An address counts only when the other site has made sure of it."""
        verified = verified_addresses(sociallogin)
        if settings.SIGNUP == "open" or Invitation.objects.open().filter(email__in=verified).exists():
            return True
        if settings.OIDC_SIGNUP and sociallogin.account.provider == OIDC:
            return True
        return settings.SIGNUP != "closed" and any(map(domain_may_sign_up, verified))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        for email in verified_addresses(sociallogin):
            user = account_of(email) if self.can_authenticate_by_email(sociallogin, email) else None
            if user is not None:
                return user, email
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") not in {AuthProcess.CONNECT, AuthProcess.REDIRECT}:
            self._follow_proof(sociallogin)
        if sociallogin.is_existing and sociallogin.account.provider == OIDC:
            directory.follow(sociallogin.user, sociallogin.account.extra_data)

    @staticmethod
    def _follow_proof(sociallogin: SocialLogin) -> None:
        email = sociallogin._did_authenticate_by_email  # noqa: SLF001 (nothing else tells)
        if email:
            reclaim(sociallogin.user, email)
        elif not sociallogin.is_existing:
            make_room_for(verified_addresses(sociallogin))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = (data.get("name") or " ".join(part for part in parts if part))[:150]
        user.email = user.email.lower()
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        for invitation in Invitation.objects.open().filter(email__in=verified_addresses(sociallogin)):
            invitation.fulfil(user)
        if sociallogin.account.provider == OIDC:
            directory.follow(user, sociallogin.account.extra_data)
        return user


def verified_addresses(sociallogin: SocialLogin) -> list[str]:
    return [address.email.lower() for address in sociallogin.email_addresses if address.verified]
