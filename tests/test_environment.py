"""Settings from the environment: what is read, and the one sentence for each wrong value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import Environment, WrongSetting

ROOT = Path(__file__).resolve().parent.parent


def start(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py check`` as an operator would, with these settings and no others."""
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(tmp_path / "data")} | variables
    return subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_values_are_typed() -> None:
    env = Environment({"N": " 7 ", "ON": "yes", "S": "2.5", "LIST": "a, b,,c", "URL": "https://api.example.org/v1/"})
    assert env.integer("N", 1) == 7
    assert env.flag("ON", False) is True
    assert env.seconds("S", 1) == 2.5
    assert env.items("LIST") == ["a", "b", "c"]
    assert env.url("URL") == "https://api.example.org/v1"


def test_what_is_missing_or_empty_has_its_default() -> None:
    env = Environment({"N": "", "ON": " "})
    assert (env.integer("N", 1), env.flag("ON", True), env.seconds("S", 30)) == (1, True, 30)


def test_a_budget_set_to_nothing_is_no_limit() -> None:
    assert Environment({"DAILY_TOKEN_BUDGET": ""}).integer_or_none("DAILY_TOKEN_BUDGET", 200) is None
    assert Environment({}).integer_or_none("DAILY_TOKEN_BUDGET", 200) == 200
    assert Environment({"DAILY_TOKEN_BUDGET": "0"}).integer_or_none("DAILY_TOKEN_BUDGET", 200) == 0


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.env").write_text('SITE_NAME="From the file"\nPORT=1\n')
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "settings.env"))
    monkeypatch.setenv("PORT", "2")
    env = Environment.load(tmp_path / ".env")
    assert (env.text("SITE_NAME"), env.text("PORT")) == ("From the file", "2")


@pytest.mark.parametrize("value", ["", "x", "1.5", "-1", "1e3", "0", "65536", "٣"])
def test_a_port_that_is_none_is_refused_by_name(value: str) -> None:
    env = Environment({"PORT": value or " x"})
    with pytest.raises(WrongSetting, match=r"^PORT must be a whole number from 1 to 65535"):
        env.integer("PORT", 8000, least=1, most=65535)


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf", "0"])
def test_a_duration_that_is_none_is_refused_by_name(value: str) -> None:
    with pytest.raises(WrongSetting, match=r"^IDLE_TIMEOUT_S must be a number of seconds"):
        Environment({"IDLE_TIMEOUT_S": value}).seconds("IDLE_TIMEOUT_S", 30)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("DEBUG", "maybe"),
        ("SITE_URL", "chat.example.org"),
        ("SITE_URL", "https://chat.example.org/parley"),
        ("EXTRA_ORIGINS", "https://a.example.org,*"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("DATABASE_URL", "mysql://localhost/parley"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:port"),
        ("REDIS_URL", "redis://localhost/0?no_such_option=1"),
        ("REDIS_URL", "unix://"),
        ("REQUIRE_SECOND_FACTOR", "staf"),
        ("OIDC_STAFF_GROUP", "Admins"),
        ("SIGNUP", "everybody"),
        ("EMAIL_URL", "mailto:me"),
        ("OPENAI_BASE_URL", "localhost:8000/v1"),
        ("OPENAI_API_KEY", "sk-two words"),
        ("DAILY_TOKEN_BUDGET", "lots"),
        ("GENERATION_TIMEOUT_S", "0"),
        ("TAKEOVER", "2"),
        ("LEASE_S", "2"),
        ("DATA_DIR", "/dev/null/data"),
        ("ENV_FILE", "/nowhere/settings.env"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_sentence_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    started = start(tmp_path, **{name: value})
    assert started.returncode == 1
    assert started.stderr.startswith(f"{name} ")
    assert len(started.stderr.splitlines()) == 1
    assert "sk-two" not in started.stderr


def test_a_start_with_nothing_set_works(tmp_path: Path) -> None:
    started = start(tmp_path)
    assert (started.returncode, started.stderr) == (0, "")


def test_the_secret_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    key = tmp_path / "data" / "secret_key"
    start(tmp_path)
    first = key.read_text()
    start(tmp_path)
    assert key.read_text() == first
    assert key.stat().st_mode & 0o777 == 0o600
