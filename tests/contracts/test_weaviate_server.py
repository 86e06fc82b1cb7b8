"""The rig that stands real Weaviate servers up: what befalls them is what its verbs say."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.waiting import wait_until
from tests.weaviate_fixtures import OwnCluster, OwnWeaviate
from tests.weaviate_server import HOST, WeaviateAddress, free_ports, shared_weaviate

NOTE = {"class": "Note", "properties": [{"name": "text", "dataType": ["text"]}], "vectorizer": "none"}


def _asked(port: int, method: str, path: str, body: object = None, *, timeout: float = 20.0) -> Any:
    line = HTTPConnection(HOST, port, timeout=timeout)
    try:
        line.request(method, f"/v1/{path}", json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(line.getresponse().read() or b"null")
    finally:
        line.close()


def _keep(port: int, text: str, *, copies: int = 1) -> str:
    """The id of a new note in a new collection."""
    _asked(port, "POST", "schema", NOTE | {"replicationConfig": {"factor": copies}})
    note: dict[str, str] = _asked(port, "POST", "objects", {"class": "Note", "properties": {"text": text}})
    return note["id"]


def _kept(port: int, note: str) -> str:
    return _asked(port, "GET", f"objects/Note/{note}")["properties"]["text"]


def _running(binary: Path, folder: Path) -> list[str]:
    """Command lines of the servers whose data lies under `folder`."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if command.startswith(bytes(binary)) and bytes(folder) in environment:
            found.append(command.decode())
    return found


def test_shared_server_is_the_version_that_we_build(weaviate_address: WeaviateAddress, weaviate_binary: Path) -> None:
    """What answers under the shared address is the server that `make weaviate` has built."""
    assert weaviate_binary.name == f"weaviate-server-{_asked(weaviate_address.http_port, 'GET', 'meta')['version']}"


def test_shared_server_is_joined_not_started_twice(weaviate_binary: Path, tmp_path: Path) -> None:
    """Who comes second gets the same server, and it lives until the last has left."""
    with shared_weaviate(tmp_path, weaviate_binary) as first:
        with shared_weaviate(tmp_path, weaviate_binary) as second:
            assert second == first
        assert _asked(first.http_port, "GET", "meta")


def test_killed_server_is_gone_and_a_restarted_one_has_its_data(own_weaviate: OwnWeaviate) -> None:
    """A kill leaves nobody at the address; the restart brings back what was acknowledged, at the same address."""
    server = own_weaviate()
    note, address = _keep(server.http_port, "acknowledged"), server.address

    server.kill()
    assert not server.alive
    with pytest.raises(ConnectionRefusedError):
        _asked(server.http_port, "GET", "meta")

    server.start()
    assert server.address == address
    assert _kept(server.http_port, note) == "acknowledged"


def test_stopped_server_has_its_data_afterwards(own_weaviate: OwnWeaviate) -> None:
    """A restart, as a deploy does it, keeps the data."""
    server = own_weaviate()
    note = _keep(server.http_port, "kept")
    server.restart()
    assert _kept(server.http_port, note) == "kept"


def test_paused_server_accepts_and_says_nothing(own_weaviate: OwnWeaviate) -> None:
    """A paused server takes connections and lets them wait; resumed, it answers."""
    server = own_weaviate()
    server.pause()
    with pytest.raises(TimeoutError):
        _asked(server.http_port, "GET", "meta", timeout=0.2)
    server.resume()
    assert _asked(server.http_port, "GET", "meta")


def test_settings_reach_the_server(own_weaviate: OwnWeaviate) -> None:
    """Keywords of the factory are settings of the server's: with a limit of two, a third object cannot be asked for."""
    server = own_weaviate(QUERY_MAXIMUM_RESULTS="2")
    _keep(server.http_port, "one")
    assert "objects" in _asked(server.http_port, "GET", "objects?class=Note&limit=2")
    assert "error" in _asked(server.http_port, "GET", "objects?class=Note&limit=3")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_server_ends_with_the_run_that_started_it(weaviate_binary: Path, tmp_path: Path) -> None:
    """A run that is killed leaves no server behind, not even a paused one, and no data."""
    script = f"""
        from pathlib import Path
        from tests.weaviate_server import WeaviateServer
        server = WeaviateServer(Path({str(tmp_path)!r}), Path({str(weaviate_binary)!r}))
        server.start()
        server.pause()
        print("paused", flush=True)
        input()
    """
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", dedent(script), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert run.stdout is not None
    assert await run.stdout.readline() == b"paused\n"
    assert len(_running(weaviate_binary, tmp_path)) == 1
    run.kill()
    await run.wait()
    await wait_until(lambda: not _running(weaviate_binary, tmp_path), because="the server went with its run")
    await wait_until(lambda: not (tmp_path / "data").exists(), because="its data went too")


def test_claimed_ports_are_claimed_once() -> None:
    """Two who ask for ports at the same time get different ones."""
    first, second = free_ports(), free_ports()
    first.claim.close()
    second.claim.close()
    assert abs(first.http - second.http) >= len(("http", "grpc", "gossip", "data", "raft", "raft_rpc"))


@pytest.mark.timeout(180)
def test_cluster_goes_on_without_a_node_and_takes_it_back(own_cluster: OwnCluster) -> None:
    """With one node of three killed, the others have what was written; restarted, it belongs to them again."""
    cluster = own_cluster()
    first, second, last = cluster.nodes
    note = _keep(first.http_port, "on three nodes", copies=3)
    last.kill()
    assert _kept(second.http_port, note) == "on three nodes"
    last.start()
    cluster.wait_until_whole()
    assert _kept(last.http_port, note) == "on three nodes"
