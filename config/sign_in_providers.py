"""Signing in with accounts of other sites: what the environment sets up, as allauth wants to be told."""

import importlib.util
from typing import Any

from .environment import Environment, WrongSetting

APPS = "allauth.socialaccount.providers."


def sign_in_providers(environment: Environment) -> dict[str, dict[str, Any]]:
    """allauth's ``SOCIALACCOUNT_PROVIDERS``; empty when nothing is set up."""
    found = {
        "openid_connect": _openid_connect(environment),
        "google": _known(environment, "GOOGLE", SCOPE=["profile", "email"], OAUTH_PKCE_ENABLED=True),
        "microsoft": _known(environment, "MICROSOFT", TENANT=environment.text("MICROSOFT_TENANT", "organizations")),
        "github": _known(environment, "GITHUB", SCOPE=["read:user", "user:email"], OAUTH_PKCE_ENABLED=True),
        "saml": _saml(environment),
    }
    return {name: settings for name, settings in found.items() if settings}


def apps(providers: dict[str, dict[str, Any]]) -> list[str]:
    """What of allauth has to be installed for them."""
    return [APPS + name for name in providers]


def _credentials(environment: Environment, prefix: str) -> dict[str, str]:
    """Both halves or none."""
    client_id, secret = environment.text(f"{prefix}_CLIENT_ID"), environment.secret(f"{prefix}_CLIENT_SECRET")
    if bool(client_id) != bool(secret):
        missing = f"{prefix}_CLIENT_SECRET" if client_id else f"{prefix}_CLIENT_ID"
        raise WrongSetting(missing, f"is missing: {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET belong together.")
    return {"client_id": client_id, "secret": secret} if client_id else {}


def _known(environment: Environment, prefix: str, **settings: Any) -> dict[str, Any]:
    credentials = _credentials(environment, prefix)
    return {"APPS": [credentials], **settings} if credentials else {}


def _openid_connect(environment: Environment) -> dict[str, Any]:
    issuer = environment.url("OIDC_ISSUER")
    credentials = _credentials(environment, "OIDC")
    if not issuer and not credentials:
        return {}
    if not issuer or not credentials:
        missing = "OIDC_CLIENT_ID" if issuer else "OIDC_ISSUER"
        raise WrongSetting(missing, "is missing: OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together.")
    app = {
        "provider_id": "oidc",
        "name": environment.text("OIDC_NAME", "Single sign-on"),
        "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
    }
    scope = environment.items("OIDC_SCOPE") or ["openid", "profile", "email"]
    return {"APPS": [app | credentials], "SCOPE": scope, "OAUTH_PKCE_ENABLED": True}


def _saml(environment: Environment) -> dict[str, Any]:
    metadata = environment.url("SAML_METADATA_URL")
    if not metadata:
        return {}
    if importlib.util.find_spec("onelogin") is None:
        raise WrongSetting("SAML_METADATA_URL", "needs the “saml” extra: pip install 'parley[saml]'.")
    entity = environment.text("SAML_ENTITY_ID")
    if not entity:
        raise WrongSetting("SAML_ENTITY_ID", "is missing: SAML_METADATA_URL needs the id of whose metadata it is.")
    idp = {"entity_id": entity, "metadata_url": metadata}
    name = environment.text("SAML_NAME", "Single sign-on")
    settings = {"idp": idp, "verified_email": environment.items("SAML_DOMAINS")}
    return {"APPS": [{"provider_id": entity, "name": name, "client_id": "saml", "settings": settings}]}
