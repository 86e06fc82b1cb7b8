"""What runs until a person or the system asks it to stop, and how it ends then: in order, in time, whatever hangs."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from bot.status import Status
from bot.worker import Worker

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
AT_LAST = 29.5
"""Seconds from the first signal to the end, whatever does not end by itself: those who ask kill after thirty."""
FAILED = 1


class Leaving:
    """Hears signals from the first moment on.

    Before the process is at work, a signal breaks off its start. At work, it takes nothing more and ends what it began;
    the second one ends it at once, and gives back what is not done.
    """

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self._task = task
        self._heard = asyncio.Event()
        self._status: Status | None = None
        self._worker: Worker | None = None
        self._running: asyncio.Task[None] | None = None
        self.signals = 0

    def hear(self) -> None:
        """There was a signal."""
        self.signals += 1
        if self.signals == 1:
            _end_at_last()
        self._heard.set()
        if self._status is not None:
            self._status.stop()
        if self._worker is not None:
            self._worker.stop()
        if self._status is None or self.signals > 1:
            self._task.cancel()

    @asynccontextmanager
    async def working(self, worker: Worker) -> AsyncGenerator[None]:
        """The worker works while the block runs, and ends what it began after it."""
        running = self._running = asyncio.create_task(worker.run())
        self._worker = worker
        try:
            yield
        finally:
            if not self.signals:  # the signal has said so already; twice would mean at once
                worker.stop()
            await running

    async def asked(self, *, announce: str, status: Status) -> None:
        """Return at a signal, or when the worker has ended; `status` says until then that the process takes work."""
        self._status = status
        status.begin()
        print(announce, file=sys.stderr, flush=True)
        heard = asyncio.create_task(self._heard.wait())
        try:
            await asyncio.wait({heard, *filter(None, [self._running])}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            status.stop()


@contextmanager
def leaving() -> Generator[Leaving]:
    """Signals are heard while the block runs; what they break off ends as if it had returned."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101  (a coroutine runs in one)
    leave = Leaving(task)
    for name in SIGNALS:
        loop.add_signal_handler(name, leave.hear)
    try:
        yield leave
    except asyncio.CancelledError:
        if not leave.signals:
            raise
        task.uncancel()
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)
            if leave.signals:
                signal.signal(name, signal.SIG_IGN)  # one more, this late, would spoil an orderly end


async def until_stopped(worker: Worker | None, *, announce: str, status: Status) -> None:
    """Run `worker`, or only wait, until a signal: it ends what it began; a second signal stops it at once."""
    with leaving() as leave:
        async with leave.working(worker) if worker is not None else nullcontext():
            await leave.asked(announce=announce, status=status)


def _end_at_last() -> None:
    """End this process later, even if its event loop hangs. What it holds then comes back when its leases run out."""
    timer = threading.Timer(AT_LAST, os._exit, (FAILED,))
    timer.daemon = True
    timer.start()
