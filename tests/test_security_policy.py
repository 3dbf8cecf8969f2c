"""SECURITY.md names the tests that hold each promise: they are there."""

import re

from .live.server import ROOT

POLICY = (ROOT / "SECURITY.md").read_text()


def test_every_test_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py|\w+/)`", POLICY))
    assert len(named) > 40
    assert not [name for name in sorted(named) if not list((ROOT / "tests").glob(f"{name}*"))]


def test_every_promise_names_some() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", POLICY, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 15))
    assert all("test_" in tests for _, tests in rows)
