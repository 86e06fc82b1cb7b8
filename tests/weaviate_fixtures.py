"""The real Weaviate for the tests: one that the whole run shares, and others that a test may kill.

Tests on the shared one keep out of each other's way by names, each in a collection or a tenant of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from tests.weaviate_server import WeaviateAddress, WeaviateCluster, WeaviateServer, built, shared_weaviate

OwnWeaviate = Callable[..., WeaviateServer]
"""Settings of the server's, as keywords, to a started server."""
OwnCluster = Callable[..., WeaviateCluster]
"""Settings of the servers', as keywords, to a started cluster of three."""


@pytest.fixture(scope="session")
def weaviate_binary(weaviate_required: bool) -> Path:  # noqa: FBT001  # a fixture's value
    """Where `make weaviate` has put the server."""
    binary = built()
    if not os.access(binary, os.X_OK):
        complaint = "no Weaviate on this machine: make weaviate to include them"
        pytest.fail(complaint) if weaviate_required else pytest.skip(complaint)
    return binary


@pytest.fixture(scope="session")
def weaviate_address(
    weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Generator[WeaviateAddress]:
    """The server that all workers of a run share. Nobody stops it or pauses it."""
    ours = tmp_path_factory.getbasetemp()
    of_the_run = ours if worker_id == "master" else ours.parent
    with shared_weaviate(of_the_run / "weaviate", weaviate_binary) as address:
        yield address


@pytest.fixture
def own_weaviate(weaviate_binary: Path, tmp_path: Path) -> Generator[OwnWeaviate]:
    """Servers of one node that belong to this test: `own_weaviate(QUERY_MAXIMUM_RESULTS="100")`."""
    with ExitStack() as servers:
        numbers = count()

        def started(**environment: str) -> WeaviateServer:
            server = WeaviateServer(tmp_path / f"weaviate-{next(numbers)}", weaviate_binary, environment=environment)
            servers.enter_context(closing(server)).start()
            return server

        yield started


@pytest.fixture
def own_cluster(weaviate_binary: Path, tmp_path: Path) -> Generator[OwnCluster]:
    """Clusters of three nodes that belong to this test, which needs a longer `pytest.mark.timeout`."""
    with ExitStack() as clusters:
        numbers = count()

        def started(**environment: str) -> WeaviateCluster:
            cluster = WeaviateCluster(tmp_path / f"cluster-{next(numbers)}", weaviate_binary, environment=environment)
            clusters.enter_context(closing(cluster)).start()
            return cluster

        yield started
