"""Ports in memory, and the envelopes in `tests/payloads`."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext

from bot.channels import Change, ChannelSettings
from bot.conversations import Conversation, Turn
from bot.errors import MemoryUnavailable
from bot.feedback import Escalation, Feedback
from bot.models import ConversationKey, Question
from bot.ports.memory import Memory
from bot.records import AnswerRecord, State
from handlers.behaviour import Behaviour
from handlers.buttons import Seal
from tests.graves import Graves
from tests.nouns import NOON
from tests.purse import Purse
from tests.tray import Tray

SEAL = Seal.of("xoxb-1")
PAYLOADS = Path(__file__).parents[2] / "payloads"
BOT_USER = "U0FOOTNOTE"


def envelope(name: str) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def now() -> datetime:
    return NOON


def context() -> AsyncBoltContext:
    return AsyncBoltContext({"bot_user_id": BOT_USER})


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

    async def remember(self, key: ConversationKey, turn: Turn) -> None:
        raise NotImplementedError

    async def forget(self, key: ConversationKey) -> None:
        raise NotImplementedError

    def _reach(self) -> None:
        if self.down:
            raise MemoryUnavailable("memory is down")


@dataclass
class Records:
    """Records of answers that a test puts there, and can be down."""

    kept: dict[str, AnswerRecord] = field(default_factory=dict[str, AnswerRecord])
    down: bool = False

    def keep(self, question: Question, *, reply: str | None = None, state: State = State.RECEIVED) -> AnswerRecord:
        record = AnswerRecord(question, state, reply)
        self.kept[question.id] = record
        return record

    async def read(self, question_id: str, *, fence: int | None = None) -> AnswerRecord | None:
        if self.down:
            raise MemoryUnavailable("memory is down")
        return self.kept.get(question_id)

    async def write(self, record: AnswerRecord, *, fence: int) -> None:
        self.kept[record.question.id] = record

    async def unended(self, *, before: datetime, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError

    async def of_person(self, workspace: str, person: str, *, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError

    async def since(self, workspace: str, moment: datetime, *, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError


@dataclass
class Book:
    """A feedback book that keeps the last rating of each person."""

    kept: dict[tuple[str, str], Feedback] = field(default_factory=dict[tuple[str, str], Feedback])
    down: bool = False

    async def rate(self, feedback: Feedback) -> None:
        if self.down:
            raise MemoryUnavailable("memory is down")
        self.kept[feedback.question_id, feedback.person] = feedback

    async def ratings(self, question_id: str) -> list[Feedback]:
        return [feedback for feedback in self.kept.values() if feedback.question_id == question_id]

    async def since(self, moment: datetime) -> list[Feedback]:
        raise NotImplementedError

    async def escalate(self, escalation: Escalation) -> bool:
        raise NotImplementedError

    async def escalation(self, question_id: str) -> Escalation | None:
        raise NotImplementedError

    async def update(self, escalation: Escalation) -> None:
        raise NotImplementedError

    async def escalations(self, moment: datetime) -> list[Escalation]:
        raise NotImplementedError

    async def once(self, what: str, *, seconds: float) -> bool:
        raise NotImplementedError


@dataclass
class Settings:
    """Settings of channels, who wrote them last, and what people look at."""

    kept: dict[str, ChannelSettings] = field(default_factory=dict[str, ChannelSettings])
    written_by: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, str] = field(default_factory=dict[str, str])
    reads: int = 0
    down: bool = False

    def put(self, channel: str, **decided: Any) -> None:
        self.kept[channel] = replace(self.kept.get(channel, ChannelSettings()), **decided)

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        self.reads += 1
        if self.down:
            raise MemoryUnavailable("memory is down")
        return self.kept.get(channel, ChannelSettings())

    async def all(self, workspace: str) -> Mapping[str, ChannelSettings]:
        raise NotImplementedError

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> tuple[Change, ...]:
        if self.down:
            raise MemoryUnavailable("memory is down")
        self.kept[channel], self.written_by[channel] = settings, person
        return ()

    async def changes(self, workspace: str, *, limit: int) -> list[Change]:
        raise NotImplementedError

    async def looks_at(self, workspace: str, person: str, channel: str) -> None:
        self.seen[person] = channel

    async def looked_at(self, workspace: str, person: str) -> str:
        return self.seen.get(person, "")


@dataclass
class Wishes:
    """Wishes to stop, and what is being answered where."""

    wished: set[str] = field(default_factory=set[str])
    answering: dict[ConversationKey, str] = field(default_factory=dict[ConversationKey, str])

    async def ask(self, question_id: str, *, seconds: float = 600.0) -> None:
        self.wished.add(question_id)

    async def asked(self, question_ids: Collection[str]) -> frozenset[str]:
        return frozenset(self.wished.intersection(question_ids))

    async def clear(self, question_id: str) -> None:
        self.wished.discard(question_id)

    async def working(self, key: ConversationKey, question_id: str | None) -> None:
        raise NotImplementedError

    async def worked(self, key: ConversationKey, question_ids: Collection[str]) -> frozenset[str]:
        raise NotImplementedError

    async def being_answered(self, key: ConversationKey) -> str | None:
        return self.answering.get(key)


@dataclass
class Stores:
    """Every port that the listeners hold, in memory."""

    jobs: Tray = field(default_factory=Tray)
    talks: Talks = field(default_factory=Talks)
    records: Records = field(default_factory=Records)
    book: Book = field(default_factory=Book)
    settings: Settings = field(default_factory=Settings)
    wishes: Wishes = field(default_factory=Wishes)
    seconds: float = 0.0

    @property
    def ports(self) -> Memory:
        return Memory(self.jobs, self.talks, self.records, self.book, self.settings, self.wishes, Purse(), Graves())

    def behaviour(self) -> Behaviour:
        return Behaviour(self.settings, lambda: self.seconds)
