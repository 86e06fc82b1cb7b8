"""A worker like `footnote work`, that can be told to die of one question, or not to keep to Slack's limits.

Nothing like it is in the bot: it stands where a fault of a parser or a model's library would.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from bot.commands.running import leaving
from bot.composition import bot
from bot.logs import configure
from bot.models import Hit, Query, Statement
from bot.settings import load

POISON = "poisoned"
"""The word of which it dies."""


class Quoting:
    """Quotes the first passage; dies where the question holds the word."""

    @property
    def name(self) -> str:
        """What an answer calls it."""
        return "quoting"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """One sentence. After a moment, so that others are under way when it dies."""
        await asyncio.sleep(0.2)
        if POISON in query.text:
            os.kill(os.getpid(), signal.SIGKILL)
        chunk = passages[0].chunk
        start, end = chunk.units[0]
        yield Statement.quoting(chunk.id, chunk.text[start:end])


async def main(given: argparse.Namespace) -> None:
    """Work until SIGTERM."""
    settings = load(dict(os.environ))
    configure(settings.work.log_level)
    with leaving() as leave:
        async with (
            bot(settings, transport=None, paced=not given.unpaced) as footnote,
            footnote.worker(generator=Quoting() if given.quoting else None) as worker,
            leave.working(worker),
        ):
            await leave.asked(announce="Answering for workspace", status=footnote.watching.status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unpaced", action="store_true", help="call Slack as often as there is something to say")
    parser.add_argument("--quoting", action="store_true", help="answer by quoting, and die of the poisoned question")
    asyncio.run(partial(main, parser.parse_args())())
