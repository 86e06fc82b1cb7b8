"""What runs until a person or the system asks it to stop."""

import asyncio
import signal
import sys

from bot.status import Status
from bot.worker import Worker

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def until_stopped(worker: Worker | None, *, announce: str, status: Status) -> None:
    """Run `worker`, or only wait, until a signal: it ends what it began; a second signal stops it at once.

    Meanwhile `status` says that the process takes work; from the signal on, that it takes none.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        status.stop()
        if worker is not None:
            worker.stop()

    for name in SIGNALS:
        loop.add_signal_handler(name, stop)
    status.begin()
    print(announce, file=sys.stderr, flush=True)
    try:
        await (worker.run() if worker is not None else stopped.wait())
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)
