"""Everything around one responder, in memory: a library, a thread, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from bot.answering.admission import Admission
from bot.answering.pipeline import Pipeline
from bot.answering.respond import Responder
from bot.answering.stopping import Stopping
from bot.budgets import Limits
from bot.channels import Change, ChannelSettings
from bot.conversations import Conversation, Said, Turn
from bot.errors import IndexUnavailable, MemoryUnavailable, Refused, SlackUnavailable, Unavailable
from bot.jobs import Click
from bot.models import (
    EVERYONE,
    Answer,
    Audience,
    Chunk,
    ConversationKey,
    Embedding,
    Hit,
    Matrix,
    Query,
    Question,
    Ranking,
    Statement,
)
from bot.ports.generation import Rewritten
from bot.ports.search import Counts, Floors, SourceCounts
from bot.ports.slack import Note, Reply
from bot.records import AnswerRecord, State
from tests.nouns import Clock, a_hit
from tests.purse import Purse

ALL = Audience.of([EVERYONE])
FLOORS = Floors(decline=0.3, plain=0.6)


@dataclass
class Library:
    """An index of one passage, and every model that a pipeline asks."""

    hits: list[Hit] = field(default_factory=lambda: [a_hit("Lunch is served at noon.")])
    down: bool = False
    away: tuple[str, ...] = ()
    """Models that do not answer: embedder, reranker."""
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    model: str = "m"
    dimension: int = 2
    name: str = "double"
    floors: Floors = FLOORS
    histories: list[Sequence[Turn]] = field(default_factory=list[Sequence[Turn]])
    sought: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    confidence: float = 0.9
    writes: asyncio.Event | None = None
    """Set, the generator waits for it before its last statement."""

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        raise NotImplementedError

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        if "embedder" in self.away:
            raise Unavailable("down")
        return np.ones((len(texts), 2), dtype=np.float32)

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        if self.down:
            raise IndexUnavailable("down")
        self.asked.append((query.text, len(query.lent)))
        self.sought.append(within)
        if within and not within & {hit.chunk.source for hit in self.hits}:
            return []
        return [hit for hit in self.hits if visible_to.may_read(hit.chunk.readable_by)][:limit]

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        found = {h.chunk.document_id: h.chunk for h in self.hits if visible_to.may_read(h.chunk.readable_by)}
        return {document: found[document].revision for document in document_ids if document in found}

    async def counts(self, *, visible_to: Audience) -> Counts:
        raise NotImplementedError

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        raise NotImplementedError

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        raise NotImplementedError

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        if "reranker" in self.away:
            raise Unavailable("down")
        return Ranking(tuple(hits[:limit]), confidence=self.confidence)

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        self.histories.append(history)
        return Rewritten(f"{question} ({history[-1].question})", changed=True)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        for position, passage in enumerate(passages, 1):
            if self.writes and position == len(passages):
                await self.writes.wait()
            yield Statement.quoting(passage.chunk.id, passage.chunk.text)


@dataclass
class Thread:
    """A Slack thread that keeps what stands in it, and fails when told to: Replies, Directory, Threads and Stops."""

    messages: list[str] = field(default_factory=list[str])
    status: list[str] = field(default_factory=list[str])
    heard: list[str] = field(default_factory=list[str])
    members: bool = True
    audience_is: Audience = ALL
    lose_the_reply: bool = False
    frozen: bool = False
    """No message that stands can be edited."""
    said: tuple[Said, ...] = ()
    unwanted: set[str] = field(default_factory=set[str])
    working_on: dict[ConversationKey, str] = field(default_factory=dict[ConversationKey, str])
    shown: int = 0
    """How often a message was posted or edited."""

    @asynccontextmanager
    async def open(self, question: Question, *, at: str | None, note: Note) -> AsyncGenerator[Reply]:
        yield FakeReply(self, at, note)

    async def find(self, question: Question, *, streaming: bool) -> str | None:
        return "0" if self.messages else None

    async def audience(self, question: Question) -> Audience:
        return self.audience_is

    async def may_ask(self, question: Question) -> bool:
        return self.members

    async def reader(self, person: str) -> Audience:
        raise NotImplementedError

    async def readers(self, channel: str) -> Audience:
        raise NotImplementedError

    async def is_admin(self, person: str) -> bool:
        raise NotImplementedError

    async def person_called(self, name: str) -> str | None:
        raise NotImplementedError

    async def read(self, key: ConversationKey) -> tuple[Said, ...]:
        return self.said

    async def links(self, channel: str, messages: Sequence[str]) -> Mapping[str, str]:
        raise NotImplementedError

    async def ask(self, question_id: str, *, seconds: float = 600.0) -> None:
        self.unwanted.add(question_id)

    async def asked(self, question_ids: Collection[str]) -> frozenset[str]:
        return frozenset(self.unwanted & set(question_ids))

    async def clear(self, question_id: str) -> None:
        self.unwanted.discard(question_id)

    async def working(self, key: ConversationKey, question_id: str | None) -> None:
        if question_id is None:
            self.working_on.pop(key, None)
        else:
            self.working_on[key] = question_id

    async def worked(self, key: ConversationKey, question_ids: Collection[str]) -> frozenset[str]:
        self.working_on.pop(key, None)
        return frozenset(self.unwanted & set(question_ids))

    async def being_answered(self, key: ConversationKey) -> str | None:
        return self.working_on.get(key)


@dataclass
class FakeReply:
    """One message of the thread, posted when there is something to say."""

    thread: Thread
    at: str | None
    note: Note

    @property
    def unposted(self) -> bool:
        return self.at is None

    async def sign(self) -> None:
        self.thread.status.append("Searching")

    def step(self, words: str) -> None:
        self.thread.status.append(words)

    def say(self, piece: str) -> None:
        self.thread.heard.append(piece)

    def anew(self) -> None:
        self.thread.heard.append("(taken back)")

    async def answer(self, answer: Answer) -> None:
        await self._show(answer.text)

    async def tell(self, text: str, *, again: bool = False) -> None:
        await self._show(f"{text} [again]" if again else text)

    async def withdraw(self) -> None:
        if self.at is not None:
            self.thread.messages[int(self.at)] = "(deleted)"

    async def _show(self, text: str) -> None:
        if self.thread.frozen:
            raise Refused("chat.update: cant_update_message", code="cant_update_message")
        self.thread.shown += 1
        if self.at is None:
            await self.note(State.POSTING, None)
            self.thread.messages.append(text)
            if self.thread.lose_the_reply:
                self.thread.lose_the_reply = False
                raise SlackUnavailable("cut after sending")
            self.at = str(len(self.thread.messages) - 1)
            await self.note(State.SIGNED, self.at)
        self.thread.messages[int(self.at)] = text


@dataclass
class Memory:
    """Conversations, records and channel settings in dictionaries."""

    turns: dict[str, Turn] = field(default_factory=dict[str, Turn])
    records: dict[str, AnswerRecord] = field(default_factory=dict[str, AnswerRecord])
    written: list[State] = field(default_factory=list[State])
    joined_to: list[ConversationKey] = field(default_factory=list[ConversationKey])
    set_to: dict[str, ChannelSettings] = field(default_factory=dict[str, ChannelSettings])
    looks: str = ""
    full: bool = False
    """Nothing is remembered any more."""

    async def remember(self, key: ConversationKey, turn: Turn) -> None:
        if self.full:
            raise MemoryUnavailable("OOM")
        self.turns[turn.question_id] = turn

    async def forget(self, key: ConversationKey) -> None:
        self.turns.clear()

    async def join(self, key: ConversationKey) -> None:
        self.joined_to.append(key)

    async def leave(self, key: ConversationKey) -> None:
        raise NotImplementedError

    async def joined(self, key: ConversationKey) -> bool:
        raise NotImplementedError

    async def read(self, key: ConversationKey) -> Conversation:
        return Conversation(tuple(self.turns.values()))


@dataclass
class Records:
    """The records port over the same memory."""

    memory: Memory

    async def read(self, question_id: str, *, fence: int | None = None) -> AnswerRecord | None:
        return self.memory.records.get(question_id)

    async def write(self, record: AnswerRecord, *, fence: int) -> None:
        self.memory.records[record.question.id] = record
        self.memory.written.append(record.state)

    async def unended(self, *, before: datetime, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError

    async def of_person(self, workspace: str, person: str, *, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError

    async def since(self, workspace: str, moment: datetime, *, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError


@dataclass
class Settings:
    """The channels port over the same memory."""

    memory: Memory

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        return self.memory.set_to.get(channel, ChannelSettings())

    async def all(self, workspace: str) -> Mapping[str, ChannelSettings]:
        raise NotImplementedError

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> tuple[Change, ...]:
        raise NotImplementedError

    async def changes(self, workspace: str, *, limit: int) -> list[Change]:
        raise NotImplementedError

    async def looks_at(self, workspace: str, person: str, channel: str) -> None:
        raise NotImplementedError

    async def looked_at(self, workspace: str, person: str) -> str:
        return self.memory.looks


@dataclass
class World:
    """Everything around one responder. `glances` lets a test say when wishes to stop are looked at."""

    library: Library = field(default_factory=Library)
    thread: Thread = field(default_factory=Thread)
    memory: Memory = field(default_factory=Memory)
    glances: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    more: bool = False
    deaf: list[SlackUnavailable] = field(default_factory=list[SlackUnavailable])
    """How Slack fails to take lines to one person."""
    told_of_more: list[str] = field(default_factory=list[str])
    purse: Purse = field(default_factory=Purse)
    told_alone: list[tuple[Click, str]] = field(default_factory=list[tuple[Click, str]])

    def responder(self) -> Responder:
        books = self.library
        return Responder(
            pipeline=Pipeline(books, books, books, books, books, clock=lambda: 0.0),
            replies=self.thread,
            directory=self.thread,
            threads=self.thread,
            conversations=self.memory,
            records=Records(self.memory),
            channels=Settings(self.memory),
            stopping=Stopping(self.thread, sleep=self._glance),
            admission=Admission(self.purse, Limits(), self._whisper),
            now=Clock(),
            hint=self._hint,
            tell_of_more=self._tell_of_more,
            whisper=self._whisper,
        )

    async def ask(self, question: Question) -> None:
        await self.responder().respond(question, fence=1)

    async def _glance(self, _: float) -> None:
        await self.glances.acquire()

    async def _whisper(self, to: Click, text: str) -> None:
        if self.deaf:
            raise self.deaf.pop()
        self.told_alone.append((to, text))

    async def _hint(self, question: Question, answer: Answer, audience: Audience) -> bool:
        return self.more

    async def _tell_of_more(self, question: Question) -> None:
        self.told_of_more.append(question.asker)
