"""What people said of answers, as judged questions that `footnote evaluate` reads."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bot.feedback import Escalation, Feedback, Reason
from bot.models import Chunk, Citation
from bot.records import AnswerRecord

Line: TypeAlias = Mapping[str, Any]
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answered question with what people said of it. `words` is the answer's text while it is remembered."""

    record: AnswerRecord
    ratings: tuple[Feedback, ...]
    escalation: Escalation | None = None
    words: str = ""

    @property
    def verdict(self) -> str:
        """What most people say, `good` or `bad`; empty where they are divided or silent."""
        counted = Counter(rating.rating for rating in self.ratings)
        return "" if counted["good"] == counted["bad"] else max(counted, key=lambda rating: counted[rating])


@dataclass(frozen=True, slots=True)
class Judged:
    """The lines of each file: see docs/guide/evaluating.md. `unplaced` counts opinions that judge no passage."""

    questions: tuple[Line, ...]
    unanswerable: tuple[Line, ...]
    ratings: tuple[Line, ...]
    unplaced: int


def judged(opinions: Sequence[Opinion], chunks: Mapping[str, Chunk]) -> Judged:
    """Judged questions from opinions, with evidence from the passages that still are as they were cited.

    A good answer makes what it cites gold. A good "the docs don't say", and a bad answer whose source is missing, make
    the question unanswerable. Everything that was said is listed besides, with what people answered in the docs' place.
    """
    questions = [line for opinion in opinions if (line := _question(opinion, chunks))]
    unanswerable = [_asked(opinion) for opinion in opinions if _is_unanswerable(opinion)]
    ratings = [line for opinion in opinions for line in _said(opinion)]
    placed = len(questions) + len(unanswerable)
    return Judged(tuple(questions), tuple(unanswerable), tuple(ratings), len(opinions) - placed)


def write(folder: Path, found: Judged) -> None:
    """Three files in the layout of a judged set over documents; `ratings.jsonl` is for people."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        ("questions", found.questions), ("unanswerable", found.unanswerable), ("ratings", found.ratings)
    ):  # fmt: skip
        text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def _question(opinion: Opinion, chunks: Mapping[str, Chunk]) -> Line | None:
    answer = opinion.record.answer
    if opinion.verdict != "good" or answer is None or not answer.answered:
        return None
    gold = [_gold(citation, chunk, opinion) for citation, chunk in _standing(answer.citations, chunks)]
    return {**_asked(opinion), "gold": gold} if gold else None


def _standing(citations: Iterable[Citation], chunks: Mapping[str, Chunk]) -> Iterator[tuple[Citation, Chunk]]:
    for citation in citations:
        chunk = chunks.get(citation.chunk_id)
        if chunk is not None and chunk.revision == citation.revision:
            yield citation, chunk


def _gold(citation: Citation, chunk: Chunk, opinion: Opinion) -> Line:
    return {"file": citation.path, "heading": chunk.heading, "evidence": _evidence(chunk, opinion)}


def _evidence(chunk: Chunk, opinion: Opinion) -> str:
    """The unit of the passage that the answer quoted; where its words are gone, the one nearest to the question."""
    units = [chunk.text[start:end] for start, end in chunk.units] or [chunk.text]
    quoted = next((unit for unit in units if unit in opinion.words), None)
    asked = _words(opinion.record.question.text)
    return quoted or max(units, key=lambda unit: len(_words(unit) & asked))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _is_unanswerable(opinion: Opinion) -> bool:
    answer = opinion.record.answer
    if answer is not None and not answer.answered and opinion.verdict == "good":
        return True
    reasons = {reason for rating in opinion.ratings for reason in rating.reasons}
    return opinion.verdict == "bad" and Reason.SOURCE_MISSING in reasons


def _asked(opinion: Opinion) -> Line:
    return {"_id": opinion.record.question.id, "question": opinion.record.question.text}


def _said(opinion: Opinion) -> Iterator[Line]:
    answered = opinion.escalation.answer if opinion.escalation else ""
    for rating in opinion.ratings:
        yield {
            **_asked(opinion),
            "rating": rating.rating,
            "reasons": list(rating.reasons),
            "words": rating.words,
            "at": rating.at.isoformat(),
            "answered_by_people": answered,
        }
    if answered and not opinion.ratings:
        yield {**_asked(opinion), "rating": None, "reasons": [], "words": "", "answered_by_people": answered}
