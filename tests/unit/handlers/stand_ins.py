"""Ports in memory, and the envelopes in `tests/payloads`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext

from bot.conversations import Conversation, Turn
from bot.errors import MemoryUnavailable
from bot.jobs import Job
from bot.models import ConversationKey, Question
from bot.ports.queue import Claim

PAYLOADS = Path(__file__).parents[2] / "payloads"
BOT_USER = "U0FOOTNOTE"


def envelope(name: str) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def context() -> AsyncBoltContext:
    return AsyncBoltContext({"bot_user_id": BOT_USER})


@dataclass
class Jobs:
    """A queue that remembers what was appended, and can be down."""

    appended: list[Job] = field(default_factory=list[Job])
    keys: set[str] = field(default_factory=set[str])
    down: bool = False
    asked: int = 0
    lease: float = 30.0

    @property
    def questions(self) -> list[Question]:
        return [job.question for job in self.appended]

    async def enqueue(self, job: Job, *, once: Sequence[str]) -> bool:
        self.asked += 1
        if self.down:
            raise MemoryUnavailable("the queue is down")
        new = self.keys.isdisjoint(once)
        self.keys.update(once)
        if new:
            self.appended.append(job)
        return new

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        raise NotImplementedError

    async def renew(self, claim: Claim) -> None:
        raise NotImplementedError

    async def complete(self, claim: Claim) -> None:
        raise NotImplementedError

    async def release(self, claim: Claim) -> None:
        raise NotImplementedError

    async def retry(self, claim: Claim, *, after: float) -> None:
        raise NotImplementedError

    async def bury(self, claim: Claim, *, reason: str) -> None:
        raise NotImplementedError

    async def depth(self) -> int:
        return len(self.appended)


@dataclass
class Talks:
    """Conversations that only know where the bot takes part, and can be down."""

    places: set[ConversationKey] = field(default_factory=set[ConversationKey])
    down: bool = False

    async def join(self, key: ConversationKey) -> None:
        self._reach()
        self.places.add(key)

    async def leave(self, key: ConversationKey) -> None:
        self._reach()
        self.places.discard(key)

    async def joined(self, key: ConversationKey) -> bool:
        self._reach()
        return key in self.places

    async def read(self, key: ConversationKey) -> Conversation:
        raise NotImplementedError

    async def remember(self, key: ConversationKey, turn: Turn, *, question_id: str) -> None:
        raise NotImplementedError

    async def forget(self, key: ConversationKey) -> None:
        raise NotImplementedError

    def _reach(self) -> None:
        if self.down:
            raise MemoryUnavailable("memory is down")
