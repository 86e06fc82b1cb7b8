"""Real Weaviate servers on loopback, which a test may kill, pause and restart: one node, or a cluster of three."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
GUARD = Path(__file__).with_name("weaviate_guard.py")
NODES = 3
FIRST_PORT, LAST_PORT, BLOCK = 20_000, 30_000, 8
"""Below what the kernel hands out by itself: nobody takes the ports of a server that is down for a moment."""
STARTING = 50.0
"""Seconds until a server is ready; it takes two to three, a cluster eight."""
STOPPING = 20.0
"""Seconds until it has gone by itself; then it is killed."""
TICK = 0.02
"""Seconds between two looks."""


class WeaviateFailed(AssertionError):
    """A server did not do what it was told; its log's last lines are in the message."""


@dataclass(frozen=True, slots=True)
class WeaviateAddress:
    """Where a server listens."""

    http_port: int
    grpc_port: int

    @property
    def url(self) -> str:
        """What a person would set as `WEAVIATE_URL`."""
        return f"http://{HOST}:{self.http_port}"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one node, which are nobody else's until `claim` is closed."""

    http: int
    grpc: int
    gossip: int
    data: int
    raft: int
    raft_rpc: int
    claim: socket.socket


def built() -> Path:
    """Where `make weaviate` puts the server, whether or not it has."""
    script = Path(__file__).parents[1] / ".ci/weaviate"
    return Path(subprocess.run([script, "--path"], capture_output=True, text=True, check=True).stdout.strip())


def free_ports() -> Ports:
    """Six free ports in a row. The claim on them goes with our process, so that no crash keeps any."""
    for first in range(FIRST_PORT, LAST_PORT, BLOCK):
        claim = socket.socket()
        try:
            claim.bind((HOST, first + BLOCK - 1))
            _check_free(range(first, first + 6))
        except OSError:
            claim.close()
            continue
        return Ports(first, first + 1, first + 2, first + 3, first + 4, first + 5, claim)
    raise WeaviateFailed(f"no free ports between {FIRST_PORT} and {LAST_PORT}")


def _check_free(ports: range) -> None:
    with ExitStack() as probes:
        for port in ports:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("", port))


class WeaviateServer:
    """One node with its data and its log under `folder`. `environment` adds to its settings, or changes them.

    The methods block, for seconds: a test that does something meanwhile calls them through `asyncio.to_thread`. However
    our process ends, the server ends with it, unless others hold the lock on `folder` too (`tests/weaviate_guard.py`).

    Whatever it is told, Weaviate opens its gRPC and its data port on all interfaces, not on loopback alone. Only a
    network namespace would change that, and without root not every machine lets a test make one: it stays so, for the
    seconds that a test takes and with nothing but test data in it.
    """

    def __init__(
        self,
        folder: Path,
        binary: Path,
        *,
        environment: Mapping[str, str] | None = None,
        name: str = "weaviate-0",
        ports: Ports | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = name
        self.ports = ports or free_ports()
        self._binary = binary
        self._environment = dict(environment or {})
        self._guard: subprocess.Popen[str] | None = None
        self._process = 0
        self._users = (folder / "users.lock").open("a")
        fcntl.flock(self._users, fcntl.LOCK_SH)

    @property
    def address(self) -> WeaviateAddress:
        return WeaviateAddress(self.ports.http, self.ports.grpc)

    @property
    def http_port(self) -> int:
        return self.ports.http

    @property
    def grpc_port(self) -> int:
        return self.ports.grpc

    @property
    def url(self) -> str:
        return self.address.url

    @property
    def alive(self) -> bool:
        """Whether the process is there, running or paused."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def log(self) -> Path:
        return self.folder / "weaviate.log"

    # --- starting ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it on its ports and its data, and wait until it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it without waiting."""
        assert not self.alive, f"{self.name} runs already"
        command = [str(self._binary), "--scheme", "http", "--host", HOST, "--port", str(self.http_port)]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in our terminal must not reach what others may use.
            self._guard = subprocess.Popen(
                [sys.executable, "-I", GUARD, self.folder / "users.lock", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._settings() | self._environment,
                start_new_session=True,
                text=True,
            )
        assert self._guard.stdout is not None
        with self._guard.stdout as said:
            self._process = int(said.readline() or 0)

    def wait_until_ready(self) -> None:
        """Wait until it answers over HTTP and listens for gRPC."""
        self.wait_until(lambda: _get(self.http_port, ".well-known/ready") is not None, "is ready")
        self.wait_until(lambda: _listens(self.grpc_port), "listens for gRPC")

    def wait_until(self, holds: Callable[[], bool], what: str, *, patience: float = STARTING) -> None:
        """Return as soon as `holds`; raise `WeaviateFailed` when it does not in time, or the server has died."""
        deadline = time.monotonic() + patience
        while not holds():
            if not self.alive:
                raise WeaviateFailed(f"{self.name} died before it {what}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise WeaviateFailed(f"not within {patience:g} s: {self.name} {what}: {self._last_words()}")
            time.sleep(TICK)

    def _settings(self) -> dict[str, str]:
        """One node that asks nobody, listens where it can be told to, and takes no offence at a full disk."""
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "LOG_LEVEL": "warning",
            "PERSISTENCE_DATA_PATH": str(self.folder / "data"),
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
            "AUTOSCHEMA_ENABLED": "false",  # who forgets to create a collection hears of it
            "DEFAULT_VECTORIZER_MODULE": "none",
            "DEFAULT_QUANTIZATION": "rq-8",
            "API_BASED_MODULES_DISABLED": "true",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "DISK_USE_WARNING_PERCENTAGE": "0",
            "DISK_USE_READONLY_PERCENTAGE": "0",
            "GRPC_PORT": str(self.ports.grpc),
            "CLUSTER_HOSTNAME": self.name,
            "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_BIND_ADDR": HOST,
            "CLUSTER_GOSSIP_BIND_PORT": str(self.ports.gossip),
            "CLUSTER_DATA_BIND_PORT": str(self.ports.data),
            "RAFT_PORT": str(self.ports.raft),
            "RAFT_INTERNAL_RPC_PORT": str(self.ports.raft_rpc),
            "RAFT_BOOTSTRAP_EXPECT": "1",
            "RAFT_TIMEOUTS_MULTIPLIER": "1",  # a node without peers elects itself: in one second, not in five
        }

    # --- what befalls it ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop it as a deploy does: it writes down what it has, and goes."""
        if self.alive:
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
        if not self._gone(STOPPING):
            self.kill()

    def kill(self) -> None:
        """Let it end at once, with whatever it was doing."""
        if self.alive:
            self._signal(signal.SIGKILL)
        if not self._gone(STOPPING):
            raise WeaviateFailed(f"{self.name} outlived SIGKILL")

    def restart(self) -> None:
        """Stop it if it runs; start it again on the same ports and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Let it hang: it keeps its connections, accepts new ones, and does nothing, until `resume`."""
        self._signal(signal.SIGSTOP)
        self.wait_until(lambda: _stands_still(self._process), "stands still")

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill it, throw its data away and give its ports back."""
        self.kill()
        self.let_go()
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def let_go(self) -> None:
        """Have no more to do with it: it ends when nobody else holds its lock."""
        if self._guard is not None:
            threading.Thread(target=self._guard.wait, daemon=True).start()  # Python asks that somebody waits for it
        self._users.close()
        self.ports.claim.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._process, number)

    def _gone(self, seconds: float) -> bool:
        if self._guard is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            self._guard.wait(seconds)
        return not self.alive

    def _last_words(self) -> str:
        return " · ".join(self.log.read_text(errors="replace").splitlines()[-5:])


class WeaviateCluster:
    """Three nodes that know each other. What befalls one of them is done to `nodes[i]`."""

    def __init__(self, folder: Path, binary: Path, *, environment: Mapping[str, str] | None = None) -> None:
        ports = [free_ports() for _ in range(NODES)]
        names = [f"weaviate-{number}" for number in range(NODES)]
        gossips = [f"{HOST}:{of.gossip}" for of in ports]
        together = {
            "RAFT_JOIN": ",".join(f"{name}:{of.raft}" for name, of in zip(names, ports, strict=True)),
            "RAFT_BOOTSTRAP_EXPECT": str(NODES),
            "RAFT_TIMEOUTS_MULTIPLIER": "5",  # Weaviate's own: busy nodes must not elect a new leader all the time
            **(environment or {}),
        }
        self.nodes = [
            WeaviateServer(
                folder / name, binary, name=name, ports=own, environment=together | {"CLUSTER_JOIN": ",".join(others)}
            )
            for name, own, others in zip(names, ports, (gossips[1:], gossips[::2], gossips[:-1]), strict=True)
        ]

    def start(self) -> None:
        """Start all nodes, and wait until they work together."""
        for node in self.nodes:
            node.launch()
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Wait until every node is ready and sees all of them healthy."""
        for node in self.nodes:
            node.wait_until_ready()
        for node in self.nodes:
            node.wait_until(lambda port=node.http_port: _healthy(port) == NODES, "sees all nodes healthy")

    def stop(self) -> None:
        """Stop all nodes, one after the other."""
        for node in self.nodes:
            node.stop()

    def close(self) -> None:
        """Kill all nodes, throw their data away and give their ports back."""
        for node in self.nodes:
            node.close()


@contextmanager
def shared_weaviate(folder: Path, binary: Path) -> Generator[WeaviateAddress]:
    """The one server under `folder`: who comes first starts it, others join, and it ends after the last has left."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "turn.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        server = WeaviateServer(folder, binary)
        address = server.folder / "users.lock"
        try:
            if not (known := address.read_text()):
                server.start()
                known = json.dumps([server.http_port, server.grpc_port])
                address.write_text(known)
        except WeaviateFailed:
            server.close()
            raise
    yield WeaviateAddress(*json.loads(known))
    server.let_go()


def _get(port: int, path: str) -> bytes | None:
    """What a server answers under `/v1/`; None when it does not answer, or not well."""
    line = http.client.HTTPConnection(HOST, port, timeout=2.0)
    with closing(line), suppress(OSError, http.client.HTTPException):
        line.request("GET", f"/v1/{path}")
        answer = line.getresponse()
        said = answer.read()
        return said if answer.status == HTTPStatus.OK else None
    return None


def _healthy(port: int) -> int:
    """How many nodes are healthy, as one of them sees it."""
    nodes: list[dict[str, Any]] = json.loads(_get(port, "nodes") or b"{}").get("nodes") or []
    return sum(node["status"] == "HEALTHY" for node in nodes)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1.0):
        return True
    return False


def _stands_still(process: int) -> bool:
    """Whether every thread has stopped; where no `/proc` says so, the signal has to do."""
    threads = Path(f"/proc/{process}/task")
    if not threads.is_dir():
        return True
    states = [thread.joinpath("stat").read_text().rpartition(")")[2].split()[0] for thread in threads.iterdir()]
    return set(states) == {"T"}
