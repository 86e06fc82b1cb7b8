"""Ports in memory that keep their promises."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from bot.answering.pipeline import Pipeline
from bot.channels import Change, ChannelSettings
from bot.conversations import Conversation, Said, Turn
from bot.errors import FootnoteError, LeaseLost, NothingIndexed, Refused, SlackUnavailable
from bot.feedback import Escalation, Feedback
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
    Principal,
    Query,
    Question,
    Ranking,
    Statement,
)
from bot.permissions import NOBODY
from bot.ports.generation import Rewritten
from bot.ports.search import Counts, Floors, SourceCounts
from bot.records import AnswerRecord
from bot.screens import ChannelForm, Doubt, Home, PassagePage, Reopened, Summary, Why
from tests.nouns import NOON, Clock, a_chunk

WORKSPACE = "T0ACME"
CANTEEN = "C0CANTEEN"
ASKER, OTHER, OWNER, ADMIN, GUEST = "U0ASKER", "U0OTHER", "U0OWNER", "U0ADMIN", "U0GUEST"
KITCHEN = Principal("group", "kitchen")
"""Held by the asker, the owner and the admin, but not by everybody."""


# --- search ---------------------------------------------------------------------------------------------------------


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


@dataclass
class Library:
    """An index over some chunks that filters as the real one does, and every model that a pipeline asks.

    A passage scores by the share of the query's words that it holds, and the best one's score is the confidence.
    """

    chunks_: list[Chunk] = field(default_factory=lambda: [a_chunk()])
    empty: bool = False
    model: str = "m"
    dimension: int = 2
    name: str = "double"
    floors: Floors = field(default_factory=lambda: Floors(decline=0.3, plain=0.6))
    asked: list[str] = field(default_factory=list[str])

    def readable(self, audience: Audience) -> list[Chunk]:
        return [chunk for chunk in self.chunks_ if audience.may_read(chunk.readable_by)]

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        if self.empty:
            raise NothingIndexed
        self.asked.append(query.text)
        found = [chunk for chunk in self.readable(visible_to) if not within or chunk.source in within]
        return sorted((Hit(chunk, self._share(query, chunk)) for chunk in found), key=lambda hit: -hit.score)[:limit]

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        return {chunk.id: chunk for chunk in self.readable(visible_to) if chunk.id in ids}

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        found = {chunk.document_id: chunk.revision for chunk in self.readable(visible_to)}
        return {document: found[document] for document in document_ids if document in found}

    async def counts(self, *, visible_to: Audience) -> Counts:
        found = self.readable(visible_to)
        return Counts(documents=len({chunk.document_id for chunk in found}), chunks=len(found))

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        found = self.readable(visible_to)
        return tuple(
            SourceCounts(name, len({chunk.document_id for chunk in found if chunk.source == name}), 0, NOON)
            for name in sorted({chunk.source for chunk in found})
        )

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        raise NotImplementedError

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        return np.ones((len(texts), 2), dtype=np.float32)

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        return Ranking(tuple(hits[:limit]), confidence=hits[0].score)

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        raise NotImplementedError

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        for passage in passages[:1]:
            yield Statement.quoting(passage.chunk.id, passage.chunk.text)

    async def summarise(self, said: Sequence[Said], *, limit: int) -> list[Statement]:
        return [Statement.quoting(one.id, one.text) for one in said][:limit]

    def pipeline(self) -> Pipeline:
        return Pipeline(self, self, self, self, self, clock=lambda: 0.0)

    @staticmethod
    def _share(query: Query, chunk: Chunk) -> float:
        wanted = words(query.text)
        return len(wanted & words(f"{chunk.text} {chunk.heading}")) / max(len(wanted), 1)


# --- memory ---------------------------------------------------------------------------------------------------------


@dataclass
class Records:
    """Records by question, with the highest fence that was seen."""

    kept: dict[str, AnswerRecord] = field(default_factory=dict[str, AnswerRecord])
    fences: dict[str, int] = field(default_factory=dict[str, int])

    async def read(self, question_id: str, *, fence: int | None = None) -> AnswerRecord | None:
        self.fences[question_id] = max(self.fences.get(question_id, 0), fence or 0)
        return self.kept.get(question_id)

    async def write(self, record: AnswerRecord, *, fence: int) -> None:
        if fence < self.fences.get(record.question.id, 0):
            raise LeaseLost
        self.fences[record.question.id] = fence
        self.kept[record.question.id] = record

    async def unended(self, *, before: datetime, limit: int) -> list[AnswerRecord]:
        raise NotImplementedError

    async def of_person(self, workspace: str, person: str, *, limit: int) -> list[AnswerRecord]:
        return [one for one in self._newest(workspace) if one.question.asker == person][:limit]

    async def since(self, workspace: str, moment: datetime, *, limit: int) -> list[AnswerRecord]:
        return [one for one in self._newest(workspace) if one.question.asked_at >= moment][:limit]

    def _newest(self, workspace: str) -> list[AnswerRecord]:
        ours = [one for one in self.kept.values() if one.question.conversation.workspace == workspace]
        return sorted(ours, key=lambda one: one.question.asked_at, reverse=True)


@dataclass
class Talks:
    """Conversations by key."""

    turns: dict[ConversationKey, dict[str, Turn]] = field(default_factory=dict[ConversationKey, dict[str, Turn]])

    async def read(self, key: ConversationKey) -> Conversation:
        return Conversation(tuple(self.turns.get(key, {}).values()))

    async def remember(self, key: ConversationKey, turn: Turn) -> None:
        self.turns.setdefault(key, {}).setdefault(turn.question_id, turn)

    async def forget(self, key: ConversationKey) -> None:
        self.turns.pop(key, None)

    async def join(self, key: ConversationKey) -> None:
        raise NotImplementedError

    async def leave(self, key: ConversationKey) -> None:
        raise NotImplementedError

    async def joined(self, key: ConversationKey) -> bool:
        raise NotImplementedError


@dataclass
class Book:
    """Ratings and escalations, and what was done once: until the clock says that it is over."""

    clock: Clock
    rated: list[Feedback] = field(default_factory=list[Feedback])
    opened: dict[str, Escalation] = field(default_factory=dict[str, Escalation])
    until: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def rate(self, feedback: Feedback) -> None:
        self.rated.append(feedback)

    async def ratings(self, question_id: str) -> list[Feedback]:
        return [one for one in self.rated if one.question_id == question_id]

    async def since(self, moment: datetime) -> list[Feedback]:
        return [one for one in self.rated if one.at >= moment]

    async def escalate(self, escalation: Escalation) -> bool:
        return self.opened.setdefault(escalation.question_id, escalation) is escalation

    async def escalation(self, question_id: str) -> Escalation | None:
        return self.opened.get(question_id)

    async def update(self, escalation: Escalation) -> None:
        self.opened[escalation.question_id] = escalation

    async def escalations(self, moment: datetime) -> list[Escalation]:
        return [one for one in self.opened.values() if one.at >= moment]

    async def once(self, what: str, *, seconds: float) -> bool:
        now = self.clock()
        if self.until.get(what, now) > now:
            return False
        self.until[what] = now + timedelta(seconds=seconds)
        return True


@dataclass
class ChannelBook:
    """How channels are set, and which one each person has before them."""

    settings: dict[str, ChannelSettings] = field(default_factory=dict[str, ChannelSettings])
    before: dict[str, str] = field(default_factory=dict[str, str])
    changed: list[Change] = field(default_factory=list[Change])

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        return self.settings.get(channel, ChannelSettings())

    async def all(self, workspace: str) -> Mapping[str, ChannelSettings]:
        return dict(self.settings)

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> tuple[Change, ...]:
        raise NotImplementedError

    async def changes(self, workspace: str, *, limit: int) -> list[Change]:
        return self.changed[:limit]

    async def looks_at(self, workspace: str, person: str, channel: str) -> None:
        self.before[person] = channel

    async def looked_at(self, workspace: str, person: str) -> str:
        return self.before.get(person, "")


# --- Slack ----------------------------------------------------------------------------------------------------------


@dataclass
class People:
    """Who holds what, who is where, and who can be found by which name."""

    held: dict[str, frozenset[Principal]] = field(
        default_factory=lambda: {
            **{person: frozenset({EVERYONE, KITCHEN}) for person in (ASKER, OWNER, ADMIN)},
            OTHER: frozenset({EVERYONE}),
            GUEST: frozenset({Principal("user", GUEST)}),
        }
    )
    guests: set[str] = field(default_factory=lambda: {GUEST})
    admins: set[str] = field(default_factory=lambda: {ADMIN})
    places: dict[str, tuple[str, ...]] = field(default_factory=lambda: {CANTEEN: (ASKER, OTHER)})
    names: dict[str, str] = field(default_factory=lambda: {"owner@acme.example": OWNER})

    async def audience(self, question: Question) -> Audience:
        if question.private:
            return await self.reader(question.asker)
        return await self.readers(question.conversation.channel)

    async def may_ask(self, question: Question) -> bool:
        return question.asker in self.held and question.asker not in self.guests

    async def reader(self, person: str) -> Audience:
        return Audience.of(self.held[person]) if person in self.held else NOBODY

    async def readers(self, channel: str) -> Audience:
        return Audience.of(*(self.held[person] for person in self.places.get(channel, ())))

    async def is_admin(self, person: str) -> bool:
        return person in self.admins

    async def person_called(self, name: str) -> str | None:
        return self.names.get(name)


@dataclass
class Slack:
    """Threads, notices and panels that keep what was shown; a post can be refused, or its confirmation lost.

    Asked to do something `again`, it looks first, and does not post what stands there.
    """

    threads: dict[ConversationKey, tuple[Said, ...]] = field(default_factory=dict[ConversationKey, tuple[Said, ...]])
    whispers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    apologies: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    posts: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """What was posted where about what, in the order of posting."""
    shown: list[object] = field(default_factory=list[object])
    pages: dict[str, Home] = field(default_factory=dict[str, Home])
    pinned: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    refuse: FootnoteError | None = None
    lose_the_reply: bool = False

    def _post(self, what: str, where: str, about: str, *, again: bool) -> int:
        if self.refuse:
            raise self.refuse
        post = (what, where, about)
        if not (again and post in self.posts):
            self.posts.append(post)
        if self.lose_the_reply:
            self.lose_the_reply = False
            raise SlackUnavailable("cut after sending")
        return self.posts.index(post)

    async def read(self, key: ConversationKey) -> tuple[Said, ...]:
        return self.threads.get(key, ())

    async def links(self, channel: str, messages: Sequence[str]) -> Mapping[str, str]:
        return {message: f"https://acme.example/{channel}/{message}" for message in messages}

    async def whisper(self, to: Click, text: str) -> None:
        self.whispers.append((to.person, text))

    async def offer(self, question: Question) -> None:
        self._post("offer", question.conversation.channel, question.id, again=False)

    async def more(self, question: Question) -> None:
        raise NotImplementedError

    async def passages(self, to: Click, page: PassagePage) -> None:
        self.shown.append(page)

    async def summary(self, to: Click, summary: Summary) -> None:
        self.shown.append(summary)

    async def share(self, to: Click, question: Question, answer: Answer, *, again: bool) -> None:
        self._post("share", to.channel, answer.text, again=again)

    async def bring_in(self, question: Question, escalation: Escalation, *, humans: str, again: bool) -> str:
        return str(self._post(f"bring in {humans}", escalation.channel, question.text, again=again))

    async def resolved(self, question: Question, escalation: Escalation) -> None:
        self.shown.append(escalation)

    async def doubt(self, doubt: Doubt, *, to: str, again: bool) -> None:
        self._post("doubt", to, doubt.citation.quote, again=again)

    async def open_direct(self, question: Question, *, again: bool) -> ConversationKey:
        root = self._post("direct", question.asker, question.text, again=again)
        return ConversationKey(WORKSPACE, f"D{question.asker}", f"{root}.0")

    async def why(self, to: Click, why: Why) -> None:
        self.shown.append(why)

    async def reopened(self, to: Click, answer: Reopened) -> None:
        self.shown.append(answer)

    async def channel_form(self, to: Click, form: ChannelForm) -> None:
        self.shown.append(form)

    async def apologise(self, to: Click, text: str) -> None:
        self.apologies.append((to.person, text))

    async def home(self, person: str, home: Home) -> None:
        self.pages[person] = home

    async def suggest(self, to: Click, questions: Sequence[str]) -> None:
        self.pinned.append(tuple(questions))


@dataclass
class Answering:
    """What a responder was asked to do; `mute`, it may say nothing where a question was asked, or cannot (`fails`)."""

    asked: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    mute: bool = False
    fails: SlackUnavailable | None = None

    async def respond(self, question: Question, *, fence: int) -> None:
        self.asked.append(("respond", question.id, fence))

    async def withdraw(self, question_id: str, *, fence: int) -> None:
        self.asked.append(("withdraw", question_id, fence))

    async def give_up(self, question: Question, *, fence: int, reason: str) -> None:
        self.asked.append(("give up", question.id, fence))
        if self.mute:
            raise Refused("chat.postMessage: is_archived", code="is_archived")
        if self.fails:
            raise self.fails

    async def end(self, question: Question, *, fence: int, reason: str, clear: bool = False) -> None:
        self.asked.append(("clear and end" if clear else "end", question.id, fence))


@dataclass
class Run:
    """The last run over a source."""

    at: datetime = NOON
    skipped: tuple[str, ...] = ()
    failed: str = ""
