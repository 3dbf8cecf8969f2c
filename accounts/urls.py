"""Addresses of the account pages that allauth does not have."""

from allauth.account import views as allauth_views
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from .views import api_keys, appearance, back, banners, budget, elsewhere, invitation, profile, security, setup

# allauth lets anybody at an open page change these; here they have to prove who they are.
confirmed = reauthentication_required(allow_get=True)

urlpatterns = [
    path("accounts/setup/<str:token>/", setup.setup, name="account_setup"),
    path("accounts/invitation/<str:token>/", invitation.invitation, name="account_invitation"),
    path("accounts/back/", back.back, name="account_back"),
    path("accounts/elsewhere/<path:provider>/", elsewhere.elsewhere, name="account_elsewhere"),
    path("accounts/email/", confirmed(allauth_views.email)),
    path("accounts/password/set/", confirmed(allauth_views.password_set)),
    path("accounts/2fa/", RedirectView.as_view(pattern_name="settings_security")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="settings_sessions")),
    path("settings/security/", security.security, name="settings_security"),
    path("settings/sessions/", security.sessions, name="settings_sessions"),
    path("settings/sessions/others/end/", security.end_other_sessions, name="settings_end_other_sessions"),
    path("settings/sessions/<int:pk>/end/", security.end_session, name="settings_end_session"),
    path("settings/", profile.profile, name="settings"),
    path("settings/appearance/", appearance.appearance, name="settings_appearance"),
    path("settings/theme/", appearance.theme, name="settings_theme"),
    path("settings/budget/", budget.budget, name="settings_budget"),
    path("settings/keys/", api_keys.api_keys, name="settings_keys"),
    path("settings/keys/<uuid:pk>/revocation/", api_keys.revocation, name="settings_key_revocation"),
    path("settings/time-zone/", profile.time_zone, name="settings_time_zone"),
    path("banners/", banners.banners, name="banners"),
    path("notices/<int:pk>/reading/", banners.notice_reading, name="notice_reading"),
    path("announcements/<int:pk>/dismissal/", banners.announcement_dismissal, name="announcement_dismissal"),
]
if "saml" in settings.SOCIALACCOUNT_PROVIDERS:  # whose libraries are there only then
    from .views import saml

    urlpatterns.append(path("accounts/saml/<str:organization_slug>/acs/finish/", saml.finish))
