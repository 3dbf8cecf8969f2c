"""Addresses of the account pages that allauth does not have."""

from django.urls import path

from .views import api_keys, appearance, budget, profile, setup

urlpatterns = [
    path("accounts/setup/<str:token>/", setup.setup, name="account_setup"),
    path("settings/", profile.profile, name="settings"),
    path("settings/appearance/", appearance.appearance, name="settings_appearance"),
    path("settings/theme/", appearance.theme, name="settings_theme"),
    path("settings/budget/", budget.budget, name="settings_budget"),
    path("settings/keys/", api_keys.api_keys, name="settings_keys"),
    path("settings/keys/<uuid:pk>/revocation/", api_keys.revocation, name="settings_key_revocation"),
    path("settings/time-zone/", profile.time_zone, name="settings_time_zone"),
]
