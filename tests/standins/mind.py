"""What the stand-ins know instead of a model: words, a few that mean alike, and which of them are shared."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

KIN: Final[Mapping[str, str]] = {
    "lunch": "meal", "eat": "meal", "soup": "meal", "canteen": "meal", "noon": "midday", "parent": "parental",
    "bike": "bicycle", "lock": "rack",
}  # fmt: skip
_STOP = """a an and are as at be by can do does for from get had has have how i if in into is it its me much many my
need not of on one or our so than that the their them then there they this to was we what when where which who why will
with you your"""
STOP: Final = frozenset(_STOP.split())
PAPER: Final = {"search_document": 0.05, "search_query": -0.05}
"""How far the two kinds of input lie apart: a document is not embedded as a question is."""


@lru_cache(maxsize=100_000)
def words(text: str) -> tuple[str, ...]:
    """The words that carry meaning, as far as possible in one form each."""
    found: list[str] = re.findall(r"[^\W_]+", text.casefold())
    found = [word.rstrip("s") or word for word in found if word not in STOP]
    return tuple(KIN.get(word, word) for word in found)


@cache
def direction(word: str, dimension: int) -> npt.NDArray[np.float64]:
    """Where a word points: nowhere in particular, always the same."""
    raw = hashlib.shake_128(word.encode("utf-8", "replace")).digest(2 * dimension)
    return np.frombuffer(raw, "<i2") / 32768.0


def vector(text: str, kind: str, dimension: int) -> list[float]:
    """The sum of the words' directions; not of unit length, so that nobody relies on that."""
    total = PAPER.get(kind, 0.0) * direction("\x00kind", dimension)
    for word in words(text) or (f"\x00{text}",):
        total = total + direction(word, dimension)
    return [float(number) for number in total.round(6)]


def likeness(query: str, document: str) -> float:
    """The share of the query's words that the document has, a little less for a long document; 0..1."""
    asked, held = set(words(query)), set(words(document))
    if not asked or not held:
        return 0.001
    return round(0.001 + 0.98 * len(asked & held) / len(asked) / (1 + math.log1p(len(held)) / 100), 6)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences and lines begin and end."""
    for found in re.finditer(r"[^\s.!?\n](?:[^\n.!?]|[.!?](?=\S))*[.!?]*", text):
        yield found.start(), found.end()


def spans(query: str, document: str, *, threshold: float, most: int | None) -> list[dict[str, Any]]:
    """The sentences of a document that share words with the query, best first, in code points."""
    scored = [(likeness(query, document[start:end]), start, end) for start, end in sentences(document)]
    kept = sorted((one for one in scored if one[0] > threshold), key=lambda one: (-one[0], one[1]))
    return [{"start": start, "end": end, "score": score} for score, start, end in kept[:most]]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer's text and its citations as Cohere tells them, in the order of their places."""

    text: str
    citations: tuple[Mapping[str, Any], ...] = ()


def grounded(question: str, documents: Sequence[Mapping[str, Any]]) -> Written:
    """Up to three sentences of the documents that share most words with the question, each cited from its document."""
    found = [
        (likeness(question, snippet[start:end]), -n, -start, snippet[start:end], document)
        for n, document in enumerate(documents)
        for snippet in [str(document["data"].get("snippet", ""))]
        for start, end in sentences(snippet)
    ]
    best = sorted((one for one in found if one[0] > 0.05), key=lambda one: one[:3], reverse=True)[:3]
    text, citations = "", list[Mapping[str, Any]]()
    for _, _, _, sentence, document in best:
        text = f"{text} " if text else text
        citations.append(cited(sentence.rstrip("."), len(text), [document]))
        text += sentence
    return Written(text, tuple(citations))


def cited(text: str, start: int, documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A citation of `text`, which begins at `start`."""
    sources = [{"type": "document", "id": one["id"], "document": {"id": one["id"], **one["data"]}} for one in documents]
    return {"start": start, "end": start + len(text), "text": text, "sources": sources, "type": "TEXT_CONTENT"}


POINTING: Final = re.compile(
    r"\b(?:it|its|that|they|them|those|then)\b|^\W*(?:and|but|or|so|what about)\b", re.IGNORECASE
)


def rewritten(prompt: str) -> str:
    """The new message of a prompt of turns; with the question before it where it points back."""
    turns, _, message = prompt.rpartition("\nNew message:\n")
    earlier = re.findall(r"^person[^:\n]*: (.*)$", turns, re.MULTILINE)
    if not earlier or not POINTING.search(message):
        return message
    return f"{message} ({earlier[-1]})"
