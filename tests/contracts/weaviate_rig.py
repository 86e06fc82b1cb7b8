"""What the suites over Weaviate share: places on a server, texts with vectors that mean something, and kill points."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np

from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.writer import WeaviateIndexWriter
from bot.models import EVERYONE, Addition, Document, Embedding, Principal, Vector
from bot.words import words
from indexing.chunk.headings import HeadingChunker
from indexing.parse import kinds
from indexing.ports import Origin
from tests.architecture.sources import ROOT
from tests.nouns import NOON, a_document
from tests.weaviate_server import HOST, WeaviateAddress, WeaviateServer

MODEL: Final = "words-of-64"
DIMENSION: Final = 64
STAFF: Final = Principal("group", "staff")


def a_place(server: WeaviateAddress | WeaviateServer, **changed: Any) -> Place:
    """A tenant of its own on a server."""
    return Place(server.url, f"t{uuid4().hex}", grpc_port=server.grpc_port, **changed)


def vector(text: str) -> Vector:
    """Texts that share words lie close together."""
    summed = sum((_direction(word) for word in words(text)), start=_direction(""))
    return (summed / np.linalg.norm(summed)).astype(np.float32)


@cache
def _direction(word: str) -> Vector:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


def addition(document: Document, *, fingerprint: str = "1") -> Addition:
    """A document with the vectors of its texts."""
    return Addition(document, [Embedding(vector(chunk.text)) for chunk in document.chunks], fingerprint)


def handbook() -> list[Document]:
    """Real text: our own guide and the judged handbook as two sources, a third of the documents for staff alone."""
    folders = ("docs/guide", "docs/decisions", "tests/quality/handbook")
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.md"))
    return [_document(path, (STAFF,) if number % 3 == 0 else (EVERYONE,)) for number, path in enumerate(paths)]


def _document(path: Path, readable_by: tuple[Principal, ...]) -> Document:
    data = path.read_bytes()
    source = "guide" if "docs" in path.parts else "handbook"
    origin = Origin(source, path.name, hashlib.sha256(data).hexdigest()[:12], NOON, readable_by)
    parsed = kinds.parser_for(kinds.kind_of(path.name)).parse(data)
    return HeadingChunker().chunk(parsed, origin, link=lambda anchor: f"{path.as_uri()}#{anchor}")


def asked(port: int, method: str, path: str, body: object = None) -> Any:
    """What a server answers to a call of its own, past our adapter."""
    line = HTTPConnection(HOST, port, timeout=20.0)
    try:
        line.request(method, f"/v1/{path}", json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(line.getresponse().read() or b"null")
    finally:
        line.close()


# --- a writer that dies -----------------------------------------------------------------------------------------------

OLD, NEW = ["lunch at noon", "soup is cheap", "the old desk"], ["lunch at one", "soup is dear", "the new desk", "more"]


class Dying(WeaviateIndexWriter):
    """Kills its process before one of the steps of a change."""

    step = ""

    async def _write_chunks(self, additions: Mapping[str, Addition], versions: Mapping[str, str]) -> dict[str, str]:
        self._die("write")
        return await super()._write_chunks(additions, versions)

    async def _flip(self, additions: Sequence[Addition], versions: Mapping[str, str], refused: dict[str, str]) -> None:
        self._die("flip")
        await super()._flip(additions, versions, refused)

    async def _settle(self, names: Sequence[str], versions: Mapping[str, str] | None = None) -> None:
        self._die("settle")
        await super()._settle(names, versions)

    async def _forget(self, journal: str) -> None:
        self._die("forget")
        await super()._forget(journal)

    async def _remove(self, names: Sequence[str]) -> None:
        self._die("remove")
        await super()._remove(names)

    def _die(self, step: str) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


async def _write_and_die(url: str, grpc_port: str, tenant: str, step: str) -> None:
    """Replace one document and remove another, as far as `step` lets it."""
    writer = Dying(Place(url, tenant, grpc_port=int(grpc_port)), model=MODEL, dimension=DIMENSION)
    await writer.begin()
    writer.step = step
    if step == "remove":
        await writer.delete(["handbook:gone.md"])
    await writer.upsert_many([addition(a_document("a.md", NEW), fingerprint="2")])


if __name__ == "__main__":
    asyncio.run(_write_and_die(*sys.argv[1:]))
