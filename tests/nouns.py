"""The nouns of the domain as tests need them: whole values, of which a test names only what it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.jobs import AnswerQuestion
from bot.models import EVERYONE, Chunk, ConversationKey, Document, Embedding, Hit, Principal, Question
from bot.ports.queue import Claim

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday, when nothing else says what time it is."""


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time, as the code under test reads it."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def a_chunk(  # every field of a chunk may matter to some test
    text: str = "Lunch is served at noon.",
    *,
    path: str = "canteen.md",
    title: str = "Canteen",
    heading_path: tuple[str, ...] = ("Opening hours",),
    position: int = 0,
    readable_by: tuple[Principal, ...] = (EVERYONE,),
    units: tuple[tuple[int, int], ...] | None = None,
    revision: str | None = None,
    updated: datetime | None = NOON,
    source: str = "handbook",
    owner: str = "",
) -> Chunk:
    """A chunk of `path`; without `units` the whole text can be quoted, and the revision follows the text."""
    return Chunk(
        id=f"{source}:{path}#{position}",
        document_id=f"{source}:{path}",
        source=source,
        path=path,
        title=title,
        heading_path=heading_path,
        text=text,
        position=position,
        lines=(1, 1 + text.count("\n")),
        url=Path("/handbook", path).as_uri(),
        updated=updated,
        revision=revision or hashlib.sha256(text.encode()).hexdigest()[:12],
        readable_by=readable_by,
        units=((0, len(text)),) if units is None else units,
        owner=owner,
    )


class HitFactory(Protocol):
    """What the fixture `hit` gives."""

    def __call__(
        self,
        text: str = ...,
        *,
        score: float = ...,
        bm25: float = ...,
        cosine: float = ...,
        path: str = ...,
        embedding: Embedding | None = ...,
    ) -> Hit: ...


def a_hit(
    text: str = "Lunch is served at noon.",
    *,
    score: float = 0.5,
    bm25: float = 5.0,
    cosine: float = 0.5,
    path: str = "canteen.md",
    embedding: Embedding | None = None,
) -> Hit:
    """A hit on a chunk with this text."""
    return Hit(a_chunk(text, path=path), score, bm25, cosine, embedding)


class DocumentFactory(Protocol):
    """What the fixture `document` gives."""

    def __call__(
        self,
        path: str = ...,
        texts: Sequence[str] = ...,
        *,
        readable_by: tuple[Principal, ...] = ...,
        source: str = ...,
        owner: str = ...,
        updated: datetime | None = ...,
    ) -> Document: ...


def a_document(
    path: str = "canteen.md",
    texts: Sequence[str] = ("Lunch is served at noon.", "Soup costs two euros."),
    *,
    readable_by: tuple[Principal, ...] = (EVERYONE,),
    source: str = "handbook",
    owner: str = "",
    updated: datetime | None = NOON,
) -> Document:
    """A document of one chunk per text; its revision follows the texts."""
    revision = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    chunks = (
        a_chunk(text, path=path, position=position, readable_by=readable_by, revision=revision, source=source)
        for position, text in enumerate(texts)
    )
    return Document(
        id=f"{source}:{path}",
        source=source,
        path=path,
        title="Canteen",
        url=Path("/handbook", path).as_uri(),
        revision=revision,
        updated=updated,
        readable_by=readable_by,
        chunks=tuple(replace(chunk, owner=owner, updated=updated) for chunk in chunks),
        owner=owner,
    )


class QuestionFactory(Protocol):
    """What the fixture `question` gives."""

    def __call__(
        self, text: str = ..., *, asker: str = ..., thread: str = ..., message: str = ..., private: bool = ...
    ) -> Question: ...


def a_question(
    text: str = "When is lunch?",
    *,
    asker: str = "U0ASKER",
    thread: str = "1772452800.000100",
    message: str = "1772452800.000100",
    private: bool = False,
) -> Question:
    """A question asked by mention in the channel C0CANTEEN."""
    conversation = ConversationKey("T0ACME", "C0CANTEEN", thread)
    return Question(f"T0ACME/C0CANTEEN/{message}", text, asker, conversation, message, NOON, private)


def asked(claim: Claim) -> Question:
    """The question that a leased job is to answer."""
    assert isinstance(claim.job, AnswerQuestion)
    return claim.job.question
