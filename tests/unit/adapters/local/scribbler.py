"""A process that writes into an index without end, for tests that read beside it or kill it.

    python -m tests.unit.adapters.local.scribbler HOME

Each document has three chunks that all name its round; every few documents it deletes one, and publishes.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

import numpy as np

from bot.adapters.local.index import LocalIndex
from bot.models import Embedding
from tests.nouns import a_document

MODEL, DIMENSION, DOCUMENTS = "model-1", 8, 7


async def main(home: Path) -> None:
    """Say `writing` on standard output once the first round is committed, and after each further one."""
    vectors = [Embedding(row) for row in np.eye(3, DIMENSION, dtype=np.float32)]
    async with LocalIndex.create(home, model=MODEL, dimension=DIMENSION, durable=False) as writer:
        for turn in itertools.count():
            for number in range(DOCUMENTS):
                document = a_document(f"{number}.md", [f"round{turn} part {part}" for part in range(3)])
                await writer.upsert(document, vectors, fingerprint=str(turn))
                if (turn + number) % 5 == 0:
                    await writer.delete([f"handbook:{(number + 3) % DOCUMENTS}.md"])
                if (turn + number) % 4 == 0:
                    await writer.publish()
            sys.stdout.write(f"writing {turn}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
