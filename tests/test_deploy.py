"""The files people deploy: that they fit what is served, and what an image would hold is enough to serve."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.server import CLOSING_S
from tests.live.server import ROOT, environment

DEPLOY = ROOT / "deploy"
DRAIN_S = 25
Document = dict[str, Any]


def compose() -> Document:
    loaded: Document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def manifests() -> dict[str, Document]:
    """By kind."""
    return {document["kind"]: document for document in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


def pod() -> Document:
    spec: Document = manifests()["Deployment"]["spec"]["template"]["spec"]
    return spec


def test_whatever_stops_a_process_waits_for_the_drain() -> None:
    unit = (DEPLOY / "systemd" / "parley@.service").read_text()
    waits = [int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0])]
    waits += [int(compose()["services"][name]["stop_grace_period"].rstrip("s")) for name in ("parley-1", "parley-2")]
    before = int(pod()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    waits.append(pod()["terminationGracePeriodSeconds"] - before)
    assert min(waits) > DRAIN_S + CLOSING_S


def test_nothing_secret_is_written_down() -> None:
    """Keys come from the environment, and one that is missing stops the start."""
    settings = compose()["x-parley"]["environment"]
    for name in ("SECRET_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        assert re.fullmatch(rf"\$\{{{name}:[?-].*\}}", settings[name])
    assert "Secret" not in manifests()
    assert "secretRef" in pod()["containers"][0]["envFrom"][1]


def test_probes_ask_what_is_served_under_the_sites_name() -> None:
    container = pod()["containers"][0]
    host = manifests()["ConfigMap"]["data"]["SITE_URL"].removeprefix("https://")
    assert manifests()["Ingress"]["spec"]["rules"][0]["host"] == host
    for probe, path in {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}.items():
        asked = container[probe]["httpGet"]
        assert (asked["path"], asked["httpHeaders"]) == (path, [{"name": "Host", "value": host}])


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_containers_can_do_little(where: str) -> None:
    if where == "compose":
        service = compose()["services"]["parley-1"]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    else:
        locked = pod()["containers"][0]["securityContext"]
        assert (locked["readOnlyRootFilesystem"], locked["capabilities"]) == (True, {"drop": ["ALL"]})
        assert pod()["securityContext"]["runAsNonRoot"]
    image = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER \d+:\d+$", image, re.MULTILINE)
    assert "--require-hashes" in image


def test_what_the_image_holds_is_enough_to_serve(tmp_path: Path) -> None:
    """The allow-list of the image, copied: it collects, migrates, serves and is found healthy."""
    image, data = tmp_path / "image", tmp_path / "data"
    for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, target = ROOT / line[1:], image / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings = environment(data, SITE_URL="https://chat.example.org", TRUSTED_PROXIES=1, PORT=port)
        run(image, settings, "-m", "config.translations")
        run(image, settings, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        command = [sys.executable, "manage.py", "serve", "--migrate", "--fd", str(listening.fileno())]
        server = subprocess.Popen(
            command, cwd=image, env=settings, pass_fds=[listening.fileno()], stdout=subprocess.PIPE, text=True
        )
    try:
        assert server.stdout is not None
        assert any("is ready at" in line for line in server.stdout)
        run(image, settings, "deploy/healthy.py")
    finally:
        server.terminate()
        server.wait(60)
        assert server.stdout is not None
        server.stdout.close()
    gone = subprocess.run(
        [sys.executable, "deploy/healthy.py"], cwd=image, env=settings, capture_output=True, text=True, check=False
    )
    assert gone.returncode == 1
    assert "/healthz" in gone.stderr


def run(image: Path, settings: dict[str, str], *command: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run([sys.executable, *command], cwd=image, env=settings, check=True, capture_output=True)
