"""A process to be killed: it keeps envelopes, and says of each that it is kept once it is."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from bot.adapters.spool.spool import open_spool
from bot.errors import SpoolUnavailable


async def main(folder: str, mark: str, largest: int) -> None:
    """Keep envelopes without end, `mark` in the name of each; no file may grow beyond `largest` bytes, 0 for any."""
    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    async with open_spool(Path(folder), within=10.0) as spool:
        number = 0
        while True:
            try:
                await spool.keep("event", {"number": number, "padding": "x" * 500}, name=f"{mark}-{number}")
            except SpoolUnavailable:
                sys.stdout.write("refused\n")
                sys.stdout.flush()
                return
            sys.stdout.write(f"{mark}-{number}\n")
            sys.stdout.flush()
            number += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
