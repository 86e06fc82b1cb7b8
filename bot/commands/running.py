"""What runs until a person or the system asks it to stop."""

import asyncio
import signal
import sys

from bot.worker import Worker

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def until_stopped(worker: Worker | None, *, announce: str) -> None:
    """Run `worker`, or only wait, until a signal: it ends what it began; a second signal stops it at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        if worker is not None:
            worker.stop()

    for name in SIGNALS:
        loop.add_signal_handler(name, stop)
    print(announce, file=sys.stderr, flush=True)
    try:
        await (worker.run() if worker is not None else stopped.wait())
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)
