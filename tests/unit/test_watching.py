"""Nothing is counted where nobody asks, and nobody waits for what would count it."""

from __future__ import annotations

import subprocess
import sys

from bot.composition.watching import watching
from bot.ports.queue import Claim
from bot.ports.watch import Unwatched
from bot.settings import Settings
from tests.architecture.sources import ROOT

ASKING = (
    "import sys, bot.cli, bot.composition; print(*({'bot.status', 'aiohttp.web', 'opentelemetry'} & {*sys.modules}))"
)


async def _handle(_: Claim) -> None:
    """A job."""


async def test_without_a_port_and_a_collector_nothing_is_counted() -> None:
    """Jobs run as they are, in no span, and nothing listens."""
    async with watching(Settings()) as watched:
        assert isinstance(watched.watch, Unwatched)
        assert watched.traced(_handle) is _handle
        assert watched.address == ""


def test_who_only_asks_loads_nothing_of_it() -> None:
    """Neither the server of status, nor what counts."""
    done = subprocess.run([sys.executable, "-c", ASKING], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
