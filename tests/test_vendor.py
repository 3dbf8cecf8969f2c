"""What the browser is given of others' work is what the manifest says, and nothing asks another host for more."""

import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parent.parent / "static"
ENTRIES = json.loads((STATIC / "vendor" / "manifest.json").read_text())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_a_vendored_file_is_the_one_of_the_manifest(entry: dict[str, str]) -> None:
    content = (STATIC / "vendor" / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"]


def test_every_vendored_file_is_in_the_manifest_and_every_licence_is_kept() -> None:
    files = {path.name for path in (STATIC / "vendor").iterdir()} - {"manifest.json", "LICENSES.txt"}
    assert files == {entry["file"] for entry in ENTRIES}
    licences = (STATIC / "vendor" / "LICENSES.txt").read_text()
    assert all(f"{entry['package']} {entry['version']}" in licences for entry in ENTRIES)


def test_no_style_or_module_of_ours_names_another_host() -> None:
    for path in [*STATIC.glob("css/*.css"), *STATIC.glob("js/**/*.js")]:
        assert not re.search(r"(https?:)?//[\w-]+\.\w", path.read_text()), path
