"""Other sites to sign in with, as the environment sets them up."""

import pytest

from config.environment import Environment, WrongSetting
from config.sign_in_providers import apps, sign_in_providers


def test_by_default_there_are_none() -> None:
    assert sign_in_providers(Environment({})) == {}


def test_each_is_set_up_by_its_variables_and_only_those_are_installed() -> None:
    names = ("GOOGLE", "MICROSOFT", "GITHUB", "OIDC")
    values = {f"{name}_{half}": "x" for name in names for half in ("CLIENT_ID", "CLIENT_SECRET")}
    found = sign_in_providers(Environment(values | {"OIDC_ISSUER": "https://login.example.org/"}))
    assert set(found) == {"google", "microsoft", "github", "openid_connect"}
    assert found["openid_connect"]["APPS"][0]["settings"]["server_url"] == "https://login.example.org"
    assert found["microsoft"]["TENANT"] == "organizations"
    assert apps(sign_in_providers(Environment(values | {"OIDC_ISSUER": "https://a.example"}))) == [
        f"allauth.socialaccount.providers.{name}" for name in found
    ]


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"GOOGLE_CLIENT_ID": "x"}, "GOOGLE_CLIENT_SECRET"),
        ({"GITHUB_CLIENT_SECRET": "x"}, "GITHUB_CLIENT_ID"),
        ({"OIDC_ISSUER": "https://a.example"}, "OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "x"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "login.example.org"}, "OIDC_ISSUER"),
        ({"SAML_METADATA_URL": "https://a.example/metadata"}, "SAML_ENTITY_ID"),
    ],
)
def test_a_half_is_refused_by_the_name_of_what_is_missing(values: dict[str, str], missing: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{missing} "):
        sign_in_providers(Environment(values))
