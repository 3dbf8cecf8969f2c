"""``bin/audit``: a known weakness fails, and not having asked anybody is never said to be fine."""

import runpy
from typing import Any

import pytest

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
