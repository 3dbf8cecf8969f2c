"""``bin/audit``: a known weakness fails, and not having asked anybody is never said to be fine."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .advisories import Advisories
from .live.server import ROOT

AUDIT = runpy.run_path(str(ROOT / "bin" / "audit"))
FLAW = {"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}


def told(capsys: pytest.CaptureFixture[str], verdict: Any) -> tuple[bool, str]:
    well = AUDIT["tell"]("pip-audit", verdict)
    return well, capsys.readouterr().out


def test_a_known_weakness_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    report = {
        "dependencies": [{"name": "a", "version": "1", "vulns": [FLAW]}, {"name": "b", "version": "2", "vulns": []}]
    }
    well, words = told(capsys, AUDIT["of_pip"](report))
    assert not well
    assert "2 packages checked; 1 weaknesses known." in words and "a 1: PYSEC-1" in words
    flaws = {"vulnerabilities": {"htmx.org": {"range": "<5", "severity": "high"}}}
    well, words = told(capsys, AUDIT["of_npm"](flaws, 3))
    assert not well
    assert "htmx.org <5: high" in words


@pytest.mark.parametrize(
    "report", [{}, {"dependencies": []}, {"dependencies": [{"name": "a", "skip_reason": "not found"}]}]
)
def test_nobody_reached_is_said_and_not_called_clean(
    capsys: pytest.CaptureFixture[str], report: dict[str, Any]
) -> None:
    for verdict in (AUDIT["of_pip"](report), AUDIT["of_npm"]({"message": "405"}, 3)):
        well, words = told(capsys, verdict)
        assert well
        assert "nothing was checked" in words


def test_some_that_could_not_be_looked_up_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "no"}]}
    assert "1 packages checked, 1 could not be" in told(capsys, AUDIT["of_pip"](report))[1]


def test_all_that_is_vendored_is_looked_up() -> None:
    packages = AUDIT["vendored"]()
    assert {"htmx.org", "dompurify", "markdown-it", "linkify-it"} <= packages.keys()


def audited(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command itself, with nothing that earlier answers have left behind."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment}
    command = [sys.executable, str(ROOT / "bin" / "audit")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("flawed", "told"),
    [
        (set(), ["0 weaknesses known"]),
        ({"django"}, ["django", "PYSEC-2026-1"]),
        ({"htmx.org"}, ["htmx.org", "high"]),
    ],
    ids=["nothing", "of Python's", "of the browser's"],
)
def test_what_the_services_know_decides(tmp_path: Path, flawed: set[str], told: list[str]) -> None:
    with Advisories(AUDIT["vendored"](), flawed) as service:
        done = audited(tmp_path, service.environment)
    assert {"django", "channels", "htmx.org", "dompurify"} <= service.asked
    assert done.returncode == bool(flawed), done.stdout + done.stderr
    assert all(words in done.stdout for words in told)
    assert "nothing was checked" not in done.stdout


def test_services_that_cannot_be_reached_are_said_so(tmp_path: Path) -> None:
    with Advisories({}, set()) as service:
        nowhere = service.environment
    done = audited(tmp_path, nowhere)
    assert done.returncode == 0
    assert done.stdout.count("nothing was checked") == 2
