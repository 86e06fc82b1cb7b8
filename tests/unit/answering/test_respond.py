"""A question comes to one visible end, whatever dies on the way."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from bot.answering.pipeline import NOT_IN_THE_DOCS, Pipeline
from bot.answering.respond import MEMBERS_ONLY, NO_QUESTION, Responder
from bot.conversations import Conversation, Turn
from bot.errors import IndexUnavailable, SlackUnavailable
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
from bot.ports.search import Counts, Floors
from bot.records import AnswerRecord, State
from tests.nouns import Clock, QuestionFactory, a_hit

ALL = Audience.of([EVERYONE])
FLOORS = Floors(decline=0.3, plain=0.6)


@dataclass
class Library:
    """An index of one passage, and every model that a pipeline asks."""

    hits: list[Hit] = field(default_factory=lambda: [a_hit("Lunch is served at noon.")])
    down: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    model: str = "m"
    dimension: int = 2
    name: str = "double"
    floors: Floors = FLOORS
    histories: list[Sequence[Turn]] = field(default_factory=list[Sequence[Turn]])

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        raise NotImplementedError

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        return np.ones((len(texts), 2), dtype=np.float32)

    async def search(self, query: Query, *, visible_to: Audience, limit: int) -> list[Hit]:
        if self.down:
            raise IndexUnavailable("down")
        self.asked.append((query.text, len(query.lent)))
        return [hit for hit in self.hits if visible_to.may_read(hit.chunk.readable_by)][:limit]

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        found = {h.chunk.document_id: h.chunk for h in self.hits if visible_to.may_read(h.chunk.readable_by)}
        return {document: found[document].revision for document in document_ids if document in found}

    async def counts(self, *, visible_to: Audience) -> Counts:
        raise NotImplementedError

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        return Ranking(tuple(hits[:limit]), confidence=0.9)

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        self.histories.append(history)
        return Rewritten(f"{question} ({history[-1].question})", changed=True)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncIterator[Statement]:
        for passage in passages:
            yield Statement(passage.chunk.text, (passage.chunk.id,), passage.chunk.text)


@dataclass
class Thread:
    """A Slack thread that keeps what stands in it, and fails when told to."""

    messages: list[str] = field(default_factory=list[str])
    members: bool = True
    audience_is: Audience = ALL
    lose_the_reply: bool = False

    async def sign_of_life(self, question: Question) -> str:
        self.messages.append("Searching")
        if self.lose_the_reply:
            self.lose_the_reply = False
            raise SlackUnavailable("cut after sending")
        return "0"

    async def find(self, question: Question) -> str | None:
        return "0" if self.messages else None

    async def answer(self, question: Question, answer: Answer, *, at: str) -> None:
        self.messages[int(at)] = answer.text

    async def tell(self, question: Question, text: str, *, at: str | None) -> None:
        if at is None:
            self.messages.append(text)
        else:
            self.messages[int(at)] = text

    async def audience(self, question: Question) -> Audience:
        return self.audience_is

    async def may_ask(self, question: Question) -> bool:
        return self.members


@dataclass
class Memory:
    """Conversations and records in a dictionary."""

    turns: dict[str, Turn] = field(default_factory=dict[str, Turn])
    records: dict[str, AnswerRecord] = field(default_factory=dict[str, AnswerRecord])
    written: list[State] = field(default_factory=list[State])

    async def remember(self, key: ConversationKey, turn: Turn, *, question_id: str) -> None:
        self.turns.setdefault(question_id, turn)

    async def forget(self, key: ConversationKey) -> None:
        self.turns.clear()

    async def join(self, key: ConversationKey) -> None:
        raise NotImplementedError

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


@dataclass
class World:
    """Everything around one responder."""

    library: Library = field(default_factory=Library)
    thread: Thread = field(default_factory=Thread)
    memory: Memory = field(default_factory=Memory)

    def responder(self) -> Responder:
        books = self.library
        pipeline = Pipeline(books, books, books, books, books, clock=lambda: 0.0)
        return Responder(pipeline, self.thread, self.thread, self.memory, Records(self.memory), now=Clock())

    async def ask(self, question: Question) -> None:
        await self.responder().respond(question, fence=1)


@pytest.fixture
def world() -> World:
    return World()


async def test_the_sign_of_life_becomes_the_answer(world: World, question: QuestionFactory) -> None:
    """One message stands in the thread in the end, and it is the answer."""
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_a_second_delivery_changes_nothing(world: World, question: QuestionFactory) -> None:
    """The same question delivered again is neither searched nor posted again."""
    await world.ask(question())
    await world.ask(question())
    assert len(world.library.asked) == 1
    assert len(world.thread.messages) == 1
    assert len(world.memory.turns) == 1


async def test_a_lost_reply_to_the_post_makes_no_second_post(world: World, question: QuestionFactory) -> None:
    """Slack took the sign of life but its answer was lost: the redelivery finds that message and finishes it."""
    world.thread.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await world.ask(question())
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_an_answer_that_was_stored_is_not_made_again(world: World, question: QuestionFactory) -> None:
    """A crash between storing and showing delivers the stored answer, without a second search."""
    await world.ask(question())
    record = world.memory.records[question().id]
    stored = AnswerRecord(record.question, State.ANSWERED, reply="0", answer=_with_text(record, "stored words"))
    world.memory.records[question().id] = stored
    await world.ask(question())
    assert world.thread.messages == ["stored words"]
    assert len(world.library.asked) == 1


async def test_a_stored_answer_is_dropped_when_a_reader_joined(world: World, question: QuestionFactory) -> None:
    """What was stored for fewer readers is not shown to more: it is asked anew for those who are there now."""
    await world.ask(question())
    record = world.memory.records[question().id]
    world.memory.records[question().id] = AnswerRecord(
        record.question, State.ANSWERED, reply="0", answer=_with_text(record, "stored words")
    )
    world.thread.audience_is = Audience.of([EVERYONE], [])
    await world.ask(question())
    assert "stored words" not in world.thread.messages[0]


async def test_an_outage_is_said_and_tried_again(world: World, question: QuestionFactory) -> None:
    """While the index is down the message says so; when it is back the same message becomes the answer."""
    world.library.down = True
    with pytest.raises(IndexUnavailable):
        await world.ask(question())
    assert world.thread.messages == [IndexUnavailable.user_message]
    world.library.down = False
    await world.ask(question())
    assert world.thread.messages == ["Lunch is served at noon. [1]"]


async def test_giving_up_is_visible_and_final(world: World, question: QuestionFactory) -> None:
    """A question that cannot be answered ends in a sentence with its number, once."""
    await world.responder().give_up(question(), fence=1, reason="poison")
    await world.responder().give_up(question(), fence=2, reason="poison")
    await world.ask(question())
    assert len(world.thread.messages) == 1
    assert "Q-" in world.thread.messages[0]


async def test_a_guest_is_refused_politely(world: World, question: QuestionFactory) -> None:
    """Somebody who is no member gets one sentence and no search."""
    world.thread.members = False
    await world.ask(question())
    assert world.thread.messages == [MEMBERS_ONLY]
    assert world.library.asked == []


async def test_a_mention_without_words_gets_a_hint(world: World, question: QuestionFactory) -> None:
    """An empty question is not searched for."""
    await world.ask(question("  "))
    assert world.thread.messages == [NO_QUESTION]


async def test_nobody_to_read_means_nothing_to_show(world: World, question: QuestionFactory) -> None:
    """An audience that could not be found out sees no passage."""
    world.thread.audience_is = Audience.of()
    await world.ask(question())
    assert world.thread.messages == [NOT_IN_THE_DOCS]


async def test_memory_obeys_the_index(world: World, question: QuestionFactory) -> None:
    """After a cited document changed, a follow-up no longer sees the words that were quoted from it."""
    await world.ask(question(message="1.1"))
    world.library.hits = [a_hit("Lunch is served at one.")]
    await world.ask(question("and on Fridays?", message="1.2"))
    assert [(turn.question, turn.answer) for turn in world.library.histories[0]] == [("When is lunch?", "")]


async def test_a_delivered_record_keeps_no_words_of_a_document(world: World, question: QuestionFactory) -> None:
    """The audit line holds ids, revisions and scores; the quoted text is gone from it."""
    await world.ask(question())
    answer = world.memory.records[question().id].answer
    assert answer is not None
    assert answer.text == ""
    assert [c.quote for c in answer.citations] == [""]
    assert answer.passages[0].used


def _with_text(record: AnswerRecord, text: str) -> Answer:
    assert record.answer is not None
    return replace(record.answer, text=text)
