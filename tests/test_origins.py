"""The site's full origins."""

import pytest

from config import origins
from config.environment import Environment, WrongSetting


def allowed(host: str = "127.0.0.1", port: int = 8000, **variables: str) -> list[str]:
    environment = Environment(variables)
    return origins.allowed_origins(environment, origins.site_url(environment, host, port))


def test_by_default_the_site_is_where_the_server_listens_under_both_names_of_loopback() -> None:
    assert allowed() == ["http://127.0.0.1:8000", "http://localhost:8000"]
    assert allowed(port=9123) == ["http://127.0.0.1:9123", "http://localhost:9123"]
    assert allowed(host="0.0.0.0") == ["http://127.0.0.1:8000", "http://localhost:8000"]


def test_a_public_site_is_reached_by_its_own_name_only() -> None:
    assert allowed(SITE_URL="https://Chat.Example.org:443/") == ["https://chat.example.org"]


def test_extra_origins_come_after_the_site() -> None:
    origins_ = allowed(SITE_URL="https://a.example.org", EXTRA_ORIGINS="https://b.example.org:8443")
    assert origins_ == ["https://a.example.org", "https://b.example.org:8443"]


def test_hosts_have_no_port_and_keep_the_brackets_of_ipv6() -> None:
    assert origins.hosts(["http://127.0.0.1:8000", "https://a.example.org", "http://[::1]:8000"]) == [
        "127.0.0.1",
        "a.example.org",
        "[::1]",
    ]


@pytest.mark.parametrize(
    "value",
    ["a.example.org", "//a.example.org", "ftp://a", "https://a/b", "https://a?b", "https://*.a", "https://u@a",
     "https://a:0", "https://a:99999", "https://", "null", "https://a b", "https://[::1"],
)  # fmt: skip
def test_anything_but_a_full_origin_is_refused(value: str) -> None:
    with pytest.raises(WrongSetting, match="full origin"):
        origins.origin("SITE_URL", value)
