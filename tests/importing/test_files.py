"""Files that are exports, and files that are not."""

import io
import json
import tracemalloc
import zipfile
from typing import Any

import pytest

from chat.importing import ImportRefused, read
from tests.importing.exports import BREAD, CLAUDE, archive

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"[1]", b'{"a": 1}', b"\xff\xfe", b"PK", b"[{}]"])
def test_a_file_that_is_no_export_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefused):
        read(io.BytesIO(content))


def test_a_zip_is_read_by_name_wherever_the_file_lies() -> None:
    upload = read(archive(export__conversations_json=json.dumps([BREAD]).encode(), chat_html=b"<html>"))
    assert (upload.source, len(upload.conversations)) == ("chatgpt", 1)


def test_a_zip_without_it_is_refused_and_paths_are_never_used() -> None:
    with pytest.raises(ImportRefused):
        read(archive(other_json=b"[]"))
    upload = read(archive(**{"../../etc/conversations.json": json.dumps([CLAUDE]).encode()}))
    assert upload.source == "claude"


def test_a_zip_bomb_is_read_no_further_than_the_limit() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target, target.open("conversations.json", "w") as entry:
        for _ in range(160):
            entry.write(b" " * 2**20)
    assert len(bomb.getvalue()) < 2**20
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="too large"):
        read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400 * 2**20


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:40] + b"\0" * 20 + data[60:]]
)
def test_a_damaged_zip_is_refused(damage: Any) -> None:
    whole = archive(conversations_json=json.dumps([BREAD]).encode()).getvalue()
    with pytest.raises(ImportRefused):
        read(io.BytesIO(damage(whole)))
