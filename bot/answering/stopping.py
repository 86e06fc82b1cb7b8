"""An answer that is being made can be stopped, from whichever process hears the wish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.errors import MemoryUnavailable, Stopped
from bot.models import Question
from bot.ports.memory import Stops
from bot.together import together

GLANCE = 0.5
"""Seconds between two looks at the wishes: one look for all that is being made."""

T = TypeVar("T")


def gone(question_id: str) -> str:
    """What is wished besides a stop when the message that asked was deleted: that nothing be said of it."""
    return f"{question_id}/gone"


@dataclass(slots=True, eq=False)
class Stopping:
    """Runs work that can be stopped. One process has one of these."""

    stops: Stops
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _running: dict[str, asyncio.Future[Any]] = field(default_factory=dict[str, "asyncio.Future[Any]"])
    _unwanted: set[str] = field(default_factory=set[str])
    _watch: asyncio.Task[None] | None = None

    async def unwanted(self, question: Question) -> bool:
        """Whether the question went before anything was begun for it."""
        return bool(await self.stops.asked([question.id, gone(question.id)]))

    async def taken_back(self, question: Question) -> bool:
        """Whether it was stopped because the message that asked is gone."""
        return bool(await self.stops.asked([gone(question.id)]))

    async def unless_stopped(
        self, question: Question, work: Coroutine[Any, Any, T], *, keep: Callable[[T], Awaitable[None]]
    ) -> T:
        """What `work` gives, kept. Raises `Stopped` when somebody wished so before it was done, however shortly before.

        Whether somebody did is looked up while `keep` stores it.
        """
        task = asyncio.ensure_future(work)
        self._running[question.id] = task
        self._watch = self._watch or asyncio.create_task(self._look())
        try:
            done = await self._done(question, task)
        except BaseException:
            await self._wished(question, heard=self._over(question, task))
            raise
        heard = self._over(question, task)
        stopped, _ = await together([self._wished(question, heard=heard), keep(done)])
        if stopped:
            raise Stopped(f"question {question.id}")
        return done

    async def _done(self, question: Question, task: asyncio.Future[T]) -> T:
        try:
            await self.stops.working(question.conversation, question.id)
            return await task
        except asyncio.CancelledError:
            if question.id in self._unwanted:
                raise Stopped(f"question {question.id}") from None
            raise

    def _over(self, question: Question, task: asyncio.Future[Any]) -> bool:
        """Look for wishes no longer; whether one was heard before this."""
        del self._running[question.id]
        task.cancel()
        if not self._running and self._watch:
            self._watch.cancel()
            self._watch = None
        heard = question.id in self._unwanted
        self._unwanted.discard(question.id)
        return heard

    async def _wished(self, question: Question, *, heard: bool) -> bool:
        """Whether somebody wished a stop before this: one that was `heard`, or one that was not yet."""
        wished = await self.stops.worked(question.conversation, [question.id, gone(question.id)])
        if heard or wished:
            await self.stops.clear(question.id)
        return heard or bool(wished)

    async def _look(self) -> None:
        while True:
            await self.sleep(GLANCE)
            try:
                wished = await self.stops.asked(list(self._running))
            except MemoryUnavailable:
                continue
            for question_id in wished & self._running.keys():
                self._unwanted.add(question_id)
                self._running[question_id].cancel()
