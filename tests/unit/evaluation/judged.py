"""Judged sets on disk as tests need them, and a pipeline that finds what a test says."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.answering.pipeline import Pipeline
from bot.conversations import Turn
from bot.models import Audience, Chunk, Embedding, Hit, Matrix, Query, Ranking, Statement
from bot.ports.generation import Rewritten
from bot.ports.search import Counts, Floors, SourceCounts
from tests.nouns import a_chunk

UNSURE, SURE = 0.5, 0.9
FLOORS = Floors(decline=0.3, plain=0.6)


def write_lines(path: Path, *lines: Mapping[str, Any]) -> None:
    """A file of JSON lines."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def passage_set(folder: Path, *, dialogs: bool = False) -> Path:
    """Two conversations over four passages in BEIR's layout: the second turn of the first one has no label."""
    folder.mkdir(exist_ok=True)
    write_lines(folder / "corpus.jsonl", *({"_id": f"p{n}", "title": "", "text": f"passage {n}"} for n in range(4)))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\na1\tp0\t1\na1\tp1\t0\nb1\tp2\t2\nb1\tp3\t1\n")
    turns = ("a1", "first"), ("a2", "second"), ("b1", "third")
    write_lines(folder / "queries.jsonl", *({"_id": i, "text": f"{text} whole"} for i, text in turns))
    if dialogs:
        write_lines(folder / "queries_lastturn.jsonl", *({"_id": i, "text": text} for i, text in turns))
        write_lines(folder / "queries_history.jsonl", *({"_id": i, "text": f"before\n{text}"} for i, text in turns))
        said = [{"role": "user", "text": "before"}, {"role": "assistant", "text": "so"}]
        said += [{"role": "assistant", "text": "and so"}, {"role": "user", "text": "again"}]
        write_lines(
            folder / "dialogs.jsonl",
            *({"_id": i, "conversation_id": i[0], "turn": 2, "history": said, "question": text} for i, text in turns),
        )
    return folder


def gold(file: str, heading: str = "(top)", evidence: str = "noon") -> dict[str, str]:
    """Where an answer stands, as the questions' files have it."""
    return {"file": file, "heading": heading, "evidence": evidence}


def handbook_set(folder: Path) -> Path:
    """One question of each kind, and a dialog of three turns, over a folder of documents."""
    folder.mkdir(exist_ok=True)
    write_lines(folder / "questions.jsonl", {"_id": "q1", "question": "lunch?", "gold": [gold("canteen.md")]})
    write_lines(folder / "unanswerable.jsonl", {"_id": "u1", "question": "dinner?", "gold": []})
    turns = [
        {"turn": 1, "question": "lunch?", "rewrite": "lunch?", "gold": [gold("canteen.md")], "answer": "At noon."},
        {
            "turn": 2,
            "question": "soup?",
            "rewrite": "soup at lunch?",
            "gold": [gold("soup.md")],
            "answer": "Two euros.",
        },
        {"turn": 3, "question": "tea?", "rewrite": "tea at lunch?", "gold": [gold("tea.md")], "answer": "Free."},
    ]
    write_lines(folder / "dialogs.jsonl", {"_id": "d1", "turns": turns})
    return folder


def hit(path: str, text: str = "Lunch is served at noon.", *, heading: str = "(top)", position: int = 0) -> Hit:
    """A hit in a document."""
    headings = () if heading == "(top)" else (heading,)
    return Hit(a_chunk(text, path=path, heading_path=headings, position=position), score=1.0)


@dataclass
class Library:
    """Every port of a pipeline: it finds the hits named for a question, quotes the first, and is as sure as told."""

    found: Mapping[str, Sequence[Hit]] = field(default_factory=dict[str, Sequence[Hit]])
    sure: Mapping[str, float] = field(default_factory=dict[str, float])
    quoted: int = 1
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list[tuple[str, tuple[str, ...]]])
    model: str = "double"
    dimension: int = 2
    name: str = "double"
    floors: Floors = FLOORS

    def pipeline(self) -> Pipeline:
        """A pipeline over this library, with a clock that ticks once whenever it is read."""
        ticks = _ticks()
        return Pipeline(self, self, self, self, self, clock=lambda: next(ticks))

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        return [Embedding(np.array([1, 0], dtype=np.float32)) for _ in chunks]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        return np.array([[1, 0]] * len(texts), dtype=np.float32)

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        readable = [hit for hit in self.found.get(query.text, ()) if visible_to.may_read(hit.chunk.readable_by)]
        return readable[:limit]

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        raise NotImplementedError

    async def counts(self, *, visible_to: Audience) -> Counts:
        raise NotImplementedError

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        raise NotImplementedError

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        raise NotImplementedError

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        return Ranking(tuple(hits[:limit]), confidence=self.sure.get(query.text, SURE))

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        self.asked.append((question, tuple(f"{turn.question} -> {turn.answer}" for turn in history)))
        return Rewritten(question, changed=True)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        for passage in passages[: self.quoted]:
            yield Statement.quoting(passage.chunk.id, passage.chunk.text)


def _ticks() -> Iterator[float]:
    seconds = 0.0
    while True:
        yield seconds
        seconds += 1.0
