"""The tests of the modules that need no page; Node runs them where they are."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_javascript_tests_pass() -> None:
    node = shutil.which("node")
    assert node, "Install Node.js 20 or later: the tests of the page's modules run in it."
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
