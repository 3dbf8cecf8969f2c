"""``manage.py backup`` and ``restore``: a conversation is read in a fresh folder, with the session that was open."""

import shutil
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.client import open_socket
from tests.live.fixtures import Template
from tests.live.server import ON_POSTGRES, ROOT, LiveServer, environment
from tests.postgres import PostgresServer, server_of
from tests.provider_server.server import ProviderServer

Start = Callable[..., LiveServer]


def manage(data_dir: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a data folder."""
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment(data_dir),
        capture_output=True,
        text=True,
        check=False,
    )


def refused(data_dir: Path, *command: str) -> str:
    """What a command that fails says: one sentence."""
    done = manage(data_dir, *command)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    return done.stderr


async def conversation_of(server: LiveServer) -> str:
    """Alice asks something; the conversation's id."""
    socket = await open_socket(server)
    reader = await socket.ended(await socket.generate("What is kept?"))
    await socket.close()
    assert reader.start
    return str(reader.start["conversation_id"])


def empty_site(folder: Path, like: Path) -> Path:
    """A data folder with nothing in it; its database is of the kind of another folder's, and as empty."""
    folder.mkdir()
    if (database := like / ON_POSTGRES).exists():
        (folder / ON_POSTGRES).write_text(server_of(database.read_text()).create())
    return folder


def page(server: LiveServer, conversation_id: str) -> str:
    request = urllib.request.Request(f"{server.url}/c/{conversation_id}/", headers={"Cookie": server.cookies("alice")})
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(response.read().decode())


async def test_a_conversation_is_read_in_a_fresh_folder(
    start_server: Start, provider: ProviderServer, tmp_path: Path
) -> None:
    """The backup is made while the server runs, the original is gone, and the session is still one."""
    script = provider.script(tokens=5)
    server = start_server()
    conversation_id = await conversation_of(server)
    (server.data_dir / "uploads" / "deep").mkdir(parents=True)
    (server.data_dir / "uploads" / "deep" / "note.txt").write_text("kept")
    done = manage(server.data_dir, "backup", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    server.kill()
    fresh = empty_site(tmp_path / "fresh", like=server.data_dir)
    done = manage(fresh, "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    with LiveServer(fresh, server.people, fresh) as restored:
        shown = page(restored, conversation_id)
    assert "What is kept?" in shown
    assert script.text.strip() in shown
    assert (fresh / "uploads" / "deep" / "note.txt").read_text() == "kept"


async def test_a_conversation_on_postgresql_is_restored_into_an_empty_database(
    postgres: PostgresServer, postgres_template: Template, provider: ProviderServer, tmp_path: Path
) -> None:
    provider.script(tokens=5)
    settings = {"OPENAI_BASE_URL": provider.openai_url}
    data, fresh, kept = tmp_path / "data", tmp_path / "fresh", tmp_path / "backup"
    with LiveServer(postgres_template.folder, postgres_template.people, data, **settings) as server:
        conversation_id = await conversation_of(server)
        assert manage(data, "backup", str(kept)).returncode == 0
        server.kill()
        assert "not empty" in refused(data, "restore", str(kept))
    fresh.mkdir()
    (fresh / ON_POSTGRES).write_text(postgres.create())
    done = manage(fresh, "restore", str(kept))
    assert done.returncode == 0, done.stderr
    with LiveServer(fresh, postgres_template.people, fresh) as restored:
        assert "What is kept?" in page(restored, conversation_id)


@pytest.fixture
def site(live_template: Template, tmp_path: Path) -> Path:
    """A data folder with people in it, on SQLite, that nobody serves."""
    folder = tmp_path / "site"
    shutil.copytree(live_template.folder, folder)
    return folder


def test_only_its_owner_can_read_a_backup(site: Path, tmp_path: Path) -> None:
    assert manage(site, "backup", str(tmp_path / "kept")).returncode == 0
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    names = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"backup.json", "secret_key"} <= names
    assert not any(path.name.startswith(".kept") for path in tmp_path.iterdir())


def test_a_backup_never_goes_into_a_folder_that_is_there(site: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    assert "is there already" in refused(site, "backup", str(tmp_path / "kept"))
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_backup_that_cannot_be_written_is_one_sentence(site: Path) -> None:
    assert "cannot be written" in refused(site, "backup", "/proc/kept")


def test_nothing_is_overwritten_by_restoring(site: Path, tmp_path: Path) -> None:
    assert manage(site, "backup", str(tmp_path / "kept")).returncode == 0
    assert "not empty" in refused(site, "restore", str(tmp_path / "kept"))


def test_uploads_that_are_there_are_not_mixed_with_others(site: Path, tmp_path: Path) -> None:
    assert manage(site, "backup", str(tmp_path / "kept")).returncode == 0
    fresh = empty_site(tmp_path / "fresh", like=site)
    (fresh / "uploads").mkdir()
    (fresh / "uploads" / "mine.txt").touch()
    assert "There are uploads" in refused(fresh, "restore", str(tmp_path / "kept"))


def test_what_is_no_backup_is_said(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert "is not a backup" in refused(fresh, "restore", str(tmp_path))
    (tmp_path / "backup.json").write_text('{"version": 99, "made_at": "", "database": "../../etc/passwd"}')
    assert "another version" in refused(fresh, "restore", str(tmp_path))


def test_a_backup_of_another_kind_of_database_is_said(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (tmp_path / "backup.json").write_text('{"version": 1, "made_at": "", "database": "parley.dump"}')
    assert "backup of PostgreSQL" in refused(fresh, "restore", str(tmp_path))


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"not a database\n" * 100])
def test_a_damaged_backup_leaves_nothing_behind(damage: Callable[[bytes], bytes], site: Path, tmp_path: Path) -> None:
    assert manage(site, "backup", str(tmp_path / "kept")).returncode == 0
    [copy] = [path for path in (tmp_path / "kept").iterdir() if path.name in {"parley.dump", "parley.sqlite3"}]
    whole = copy.read_bytes()
    copy.write_bytes(damage(whole))
    fresh = empty_site(tmp_path / "fresh", like=site)
    said = refused(fresh, "restore", str(tmp_path / "kept"))
    assert "cannot be restored" in said or "pg_restore failed" in said
    copy.write_bytes(whole)
    done = manage(fresh, "restore", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stderr
