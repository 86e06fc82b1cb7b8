"""A bot that is broken on purpose, to see that the rig finds it out: `python -m tests.kills.sabotage HOW work`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.answering.pipeline import Pipeline
from bot.answering.respond import Responder
from bot.cli import main
from bot.jobs import Job
from handlers.replies import SlackReplies
from handlers.sessions import Session


def forgetful() -> None:
    """It neither reads what it wrote down of a question, nor looks for what it has posted."""

    async def nothing(*_: Any, **__: Any) -> None:
        return None

    RedisAnswerRecords.read = nothing
    SlackReplies.find = nothing


def hasty() -> None:
    """It says that it has a question before it has it."""
    enqueue, later = RedisJobQueue.enqueue, set[asyncio.Task[Any]]()

    async def promise(self: RedisJobQueue, job: Job, *, once: Sequence[str]) -> bool:
        async def keep() -> None:
            await asyncio.sleep(1.0)
            await enqueue(self, job, once=once)

        task = asyncio.create_task(keep())
        later.add(task)
        task.add_done_callback(later.discard)
        return True

    RedisJobQueue.enqueue = promise


def lazy() -> None:
    """It ends jobs without a word."""

    async def nothing(*_: Any, **__: Any) -> None:
        return None

    Responder.respond = nothing


def dangling() -> None:
    """It says that it is at work where it should say that it is done."""
    Session.end = Session.begin


def confused() -> None:
    """It answers everybody with the first answer it has found."""
    answer, first = Pipeline.answer, list[Any]()

    async def same(self: Pipeline, *words: Any, **named: Any) -> Any:
        first.append(await answer(self, *words, **named))
        return first[0]

    Pipeline.answer = same


SABOTAGE: Final[Mapping[str, Callable[[], None]]] = {
    one.__name__: one for one in (forgetful, hasty, lazy, dangling, confused)
}

if __name__ == "__main__":
    SABOTAGE[sys.argv.pop(1)]()
    sys.exit(main())
