"""The Embedder port on this machine: all-MiniLM-L6-v2 in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from bot.models import Chunk, Embedding, Matrix

if TYPE_CHECKING:  # what imports numpy and ONNX Runtime is loaded in the pool, when it is needed
    from bot.adapters.local.minilm import MiniLM, Text, Tokens

TOKENS_PER_RUN: Final = 512
"""Measured: more gains no speed, and costs memory (4 x 128 tokens: 200 MB for the process, 32 x 128: 600 MB)."""

TEXTS_PER_RUN: Final = 64
"""Split into tokens at once: what the tokenizer returns is bulky, what is kept of it is not."""

T = TypeVar("T")


class LocalEmbedder:
    """Embeds on at most `threads` threads (as many as cores, when None), off the event loop; loads at first use.

    Vectors are those of sentence-transformers: the mean over all tokens, scaled to unit length. `stamp` names a file
    that remembers that these very weights had their official hash; without one, every start computes it.
    """

    def __init__(self, *, stamp: Path | None, threads: int | None = None, folder: Path | None = None) -> None:
        self._threads = max(1, threads or os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="embed")
        self._stamp = stamp
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: MiniLM | None = None

    @property
    def model(self) -> str:
        """Name of the model and revision; an index built with another name is refused."""
        return "all-MiniLM-L6-v2@53aa51172d14"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return 384

    async def load(self) -> None:
        """Do now what the first use would do. Raises `Misconfigured` when the weights are missing or altered."""
        await self._off_loop(self._model)

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """One embedding per chunk, in order: of its place, then its text, as far as the window of 256 tokens reaches.

        A unit's vector is the mean of its tokens in that same pass; a unit past the window has a row of zeros.
        Raises `Misconfigured` when the weights are missing or altered.
        """
        return await self._embed([_with_place(chunk) for chunk in chunks])

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), 384), unit rows, in order. Raises `Misconfigured` like `embed_chunks`."""
        embeddings = await self._embed([(text, None) for text in texts])
        return await self._off_loop(lambda: _rows(embeddings, self.dimension))

    def close(self) -> None:
        """Stop the threads once they have finished what they are at."""
        self._pool.shutdown()

    async def _embed(self, texts: Sequence[Text]) -> list[Embedding]:
        """Runs reach the pool only as its threads get free: a question waits for one run, not for a whole import."""
        tokens: list[Tokens] = []
        for start in range(0, len(texts), TEXTS_PER_RUN):
            some = texts[start : start + TEXTS_PER_RUN]
            tokens += await self._off_loop(partial(self._read, some))
        embedded: dict[int, Embedding] = {}
        batches = iter(_batches([len(text.ids) for text in tokens]))

        async def drain() -> None:
            for batch in batches:
                run = partial(self._model().embed, [tokens[position] for position in batch])
                embedded.update(zip(batch, await self._off_loop(run), strict=True))

        await asyncio.gather(*(drain() for _ in range(self._threads)))
        return [embedded[position] for position in range(len(tokens))]

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _read(self, texts: Sequence[Text]) -> list[Tokens]:
        return self._model().tokens(texts)

    def _model(self) -> MiniLM:
        with self._loading:
            if self._loaded is None:
                from bot.adapters.local.minilm import MiniLM, packaged_model  # noqa: PLC0415 - see TYPE_CHECKING above

                self._loaded = MiniLM(self._folder or packaged_model(), stamp=self._stamp)
            return self._loaded


def _with_place(chunk: Chunk) -> Text:
    """What a chunk is about, then what it says; its units move by as much as stands before them."""
    before = f"{chunk.place}\n" if chunk.place else ""
    return before + chunk.text, tuple((first + len(before), last + len(before)) for first, last in chunk.units)


def _rows(embeddings: Sequence[Embedding], dimension: int) -> Matrix:
    import numpy as np  # noqa: PLC0415 - see TYPE_CHECKING above

    return np.array([one.vector for one in embeddings], np.float32).reshape(-1, dimension)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions grouped so that a run holds texts of one length (nothing is padded) and at most `TOKENS_PER_RUN`.

    The longest come first: what is left at the end is small, and no thread works on alone.
    """
    alike: defaultdict[int, list[int]] = defaultdict(list)
    for position, length in enumerate(lengths):
        alike[length].append(position)
    for length in sorted(alike, reverse=True):
        size = max(1, TOKENS_PER_RUN // length)
        yield from (alike[length][start : start + size] for start in range(0, len(alike[length]), size))
