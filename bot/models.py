"""The values every room speaks in: frozen, without behaviour beyond their own rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Vector: TypeAlias = "npt.NDArray[np.float32]"
"""Shape (d,), unit length."""
Matrix: TypeAlias = "npt.NDArray[np.float32]"
"""Shape (n, d), each row of unit length."""

Confidence = Literal["high", "low"]
Addressed = Literal["named", "followed", "overheard"]


# --- who may read ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """Who may read: `everyone` (members, not guests), `group:NAME` or `user:ID`."""

    kind: Literal["everyone", "group", "user"]
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Principal:
        """Read the spelling that `str()` writes; raises `ValueError` with a sentence that says what is allowed."""
        kind, _, name = text.strip().partition(":")
        if kind == "everyone" and not name:
            return cls("everyone")
        if kind in ("group", "user") and name:
            return cls("group" if kind == "group" else "user", name)
        raise ValueError(f"{text!r} is not a principal; write everyone, group:NAME or user:ID")

    def __str__(self) -> str:
        return self.kind if self.kind == "everyone" else f"{self.kind}:{self.name}"


EVERYONE = Principal("everyone")


@dataclass(frozen=True, slots=True)
class Audience:
    """All who will see a reply: for each reader, the principals that reader holds (equal readers are kept once).

    A passage may be shown when every reader may read it. No readers at all means nothing may be shown, so that an
    audience which could not be found out shows nothing.
    """

    readers: frozenset[frozenset[Principal]]

    @classmethod
    def of(cls, *readers: Iterable[Principal]) -> Audience:
        """An audience from each reader's principals."""
        return cls(frozenset(frozenset(reader) for reader in readers))

    def may_read(self, readable_by: Iterable[Principal]) -> bool:
        """Whether every reader holds at least one of `readable_by`."""
        allowed = frozenset(readable_by)
        return bool(self.readers) and all(reader & allowed for reader in self.readers)


# --- what is read ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document, as plain text, with where it stands.

    `units` are the places in `text` that can be quoted on their own (sentences, list items, table rows), as half-open
    spans of code points in reading order; they do not overlap. `owner` is who answers for the document, as it says of
    itself: one plain line, empty when it does not say.
    """

    id: str
    document_id: str
    source: str
    path: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    position: int
    lines: tuple[int, int]
    url: str
    updated: datetime | None
    revision: str
    readable_by: tuple[Principal, ...]
    units: tuple[tuple[int, int], ...] = ()
    owner: str = ""

    @property
    def heading(self) -> str:
        """The nearest heading as plain text, `(top)` before the first."""
        return self.heading_path[-1] if self.heading_path else "(top)"

    @property
    def place(self) -> str:
        """Title and headings as one line, without saying anything twice: what a chunk is about."""
        parts = dict.fromkeys(part for part in (self.title, *self.heading_path) if part)
        return " › ".join(parts)

    @property
    def placed(self) -> str:
        """What it is about, then what it says: as a model reads a chunk that is to be found."""
        return f"{self.place}\n{self.text}" if self.place else self.text


@dataclass(frozen=True, slots=True)
class Document:
    """One item of a source, cut into chunks and ready to be indexed as a whole."""

    id: str
    source: str
    path: str
    title: str
    url: str
    revision: str
    updated: datetime | None
    readable_by: tuple[Principal, ...]
    chunks: tuple[Chunk, ...]
    owner: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The vectors of one chunk: `vector` of shape (d,), and `units` of shape (len(chunk.units), d).

    `units` is None where the embedder cannot pool them from the same pass.
    """

    vector: Vector
    units: Matrix | None = None


SHARED: Final = ("document_id", "source", "path", "title", "revision", "updated", "readable_by", "owner")
"""What a chunk repeats of its document."""


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """A document on its way into the index: with one embedding for each chunk, and what the indexer knows it by."""

    document: Document
    embeddings: Sequence[Embedding]
    fingerprint: str

    def check(self, dimension: int) -> None:
        """Raises `ValueError` when chunks and embeddings differ in number or shape, or a chunk from its document."""
        document, embeddings = self.document, self.embeddings
        if len(document.chunks) != len(embeddings):
            raise ValueError(f"{document.id} has {len(document.chunks)} chunks, but {len(embeddings)} embeddings")
        for chunk, embedding in zip(document.chunks, embeddings, strict=True):
            for name in SHARED:
                if getattr(chunk, name) != getattr(document, "id" if name == "document_id" else name):
                    raise ValueError(f"chunk {chunk.id} and its document {document.id} differ in {name}")
            if embedding.vector.shape != (dimension,) or not math.isfinite(abs(embedding.vector).sum()):
                raise ValueError(f"the vector of chunk {chunk.id} is not {dimension} finite numbers")
            if embedding.units is not None and embedding.units.shape != (len(chunk.units), dimension):
                raise ValueError(f"chunk {chunk.id} has {len(chunk.units)} units, but vectors {embedding.units.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """A chunk with its scores: `score` orders the hits, `bm25` and `cosine` stay raw (0 when that leg missed it).

    `spans` are the places in the chunk's text where a reranker saw the answer, best first: half-open spans of code
    points; none where it does not tell.
    """

    chunk: Chunk
    score: float
    bm25: float = 0.0
    cosine: float = 0.0
    embedding: Embedding | None = None
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Lent:
    """Words of an earlier turn that a follow-up leans on, and how much they count beside the question's own (0..1)."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A standalone query as the index wants it: words, a unit vector, and what earlier turns lend to the words.

    `vector` already contains what was lent. `vector` is None when the embedder is down: then words alone search.
    """

    text: str
    vector: Vector | None
    lent: tuple[Lent, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Hits best first, and how sure it is (0..1, calibrated) that they answer the query at all."""

    hits: tuple[Hit, ...]
    confidence: float


# --- asking and answering -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Which conversation a turn belongs to. `thread` is the root message's id, or a name in a terminal."""

    workspace: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, by whom, and where the answer goes. `id` is the same for every delivery of the same message.

    `private` means that the asker alone reads the reply. With a `reply_url` (and always `private`) it goes there, as a
    line that only they see and that nobody can look up again; without, into the conversation. `addressed` says whether
    we were named, a thread goes on in which we take part, or nobody asked us at all. `version` is the moment of the
    edit or the click that asks the same question anew, as Slack writes moments; a later one wins.
    """

    id: str
    text: str
    asker: str
    conversation: ConversationKey
    message: str
    asked_at: datetime
    private: bool = False
    reply_url: str = field(default="", repr=False)
    addressed: Addressed = "named"
    version: str = ""

    @property
    def thread_begun(self) -> str:
        """The thread that it stands in, empty where none has begun: in such Slack shows no line to one person alone.

        A command stands in no thread: its conversation only bears the name of one.
        """
        key = self.conversation
        return "" if self.reply_url or key.thread == self.message else key.thread


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: number `n` in the answer, and the exact words of the chunk that support it."""

    n: int
    chunk_id: str
    document_id: str
    revision: str
    path: str
    title: str
    heading: str
    heading_path: tuple[str, ...]
    quote: str
    url: str
    updated: datetime | None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Support:
    """A passage that a statement rests on, and the words of it that say so.

    `quote` is made of exact pieces of the chunk's text, joined by ` … `; empty where nobody has looked for them yet.
    """

    chunk_id: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, list item or table row of an answer as a generator wrote it, with the passages it rests on.

    `text` has no `[n]` of its own: numbers are given later. `joint` is what stands between it and the statement before:
    a blank line, a line break (list items), or a space (sentences of one paragraph).
    """

    text: str
    supports: tuple[Support, ...] = ()
    joint: str = "\n\n"

    @classmethod
    def quoting(cls, chunk_id: str, text: str) -> Statement:
        """A statement that is a passage's own words."""
        return cls(text, (Support(chunk_id, text),))


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """What an answer was made from, without the passage's text: chunk, revision, scores, and whether it was cited."""

    chunk_id: str
    revision: str
    score: float
    bm25: float
    cosine: float
    used: bool


WITHOUT: Final = {"embedder": "none (words alone)", "reranker": "none (fused order)"}
"""What `Answer.backends` names for a step that was done without, because whoever does it was away."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: gated plain text with `[n]` markers, and the footnotes they point at.

    `answered` is False when the documents do not say: then nothing is cited, and `closest` names passages near by.
    """

    question: str
    standalone_query: str
    text: str
    answered: bool
    confidence: Confidence
    citations: tuple[Citation, ...]
    closest: tuple[Citation, ...] = ()
    passages: tuple[ScoredPassage, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict[str, float])
    backends: Mapping[str, str] = field(default_factory=dict[str, str])
    rewritten: bool = False
    unwritten: bool = False
    """Passages quoted in place of an answer, because the model that writes could not be reached."""
    cost: float = 0.0
    """In US dollars, as the backends' price tables say."""

    @property
    def without(self) -> tuple[str, ...]:
        """The steps that were done without."""
        return tuple(step for step, name in WITHOUT.items() if self.backends.get(step) == name)
