"""Which words of a passage say what a statement says, as exact quotes: by the words that carry its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.answering.cite import JOINT
from bot.answering.drafting import MARK
from bot.models import Chunk
from bot.words import words
from bot.words.asking import asked
from bot.words.sentences import sentences
from bot.words.stem import stem

Span = tuple[int, int]

WORDS: Final = 60
"""The most that a quote of two pieces holds."""
NUMBER: Final = 2.0
NAME: Final = 1.5
"""What a word with a digit and a word written as a name count beside any other: they are what a reader checks."""
GAIN: Final = 0.12
"""The share of the statement's words that a second piece must add to be worth reading."""
TITLE: Final = 0.5
"""What a word counts in the choice of a unit when the title has it too: it tells the passage, not the place in it."""
PREFERRED: Final = 0.15
"""What a unit that a reranker pointed at is ahead of the others."""

_NUMERALS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS: Final = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_TENS: Final = "thirty forty fifty sixty seventy eighty ninety"
_SPELLED: Final = {
    **{stem(word): str(n) for words_of in (_NUMERALS, _ORDINALS) for n, word in enumerate(words_of.split())},
    **{stem(word): str(n) for n, word in zip(range(30, 100, 10), _TENS.split(), strict=True)},
}
"""Numbers by the words for them, as the index stems those."""
_GROUPED = re.compile(r"(?<=\d)[,\u202f\u00a0](?=\d{3}(?!\d))")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_RUN = re.compile(r"[^\W_][\w'’.-]*")
_OPENS = re.compile(r"(?:^|[.!?:\n])[\s\"'“‘(*_\[-]*(?:\d+[.)]\s+)?$")  # noqa: RUF001 - an opening quotation mark is meant
_MARKUP = re.compile(rf"{MARK}|[*`#|]+")


@dataclass(frozen=True, slots=True)
class Quoted:
    """Exact words of a passage (two pieces are joined by ` … `), and the share of the text's words that they hold.

    `overlap` lies between 0 and 1; numbers and names count more than other words.
    """

    quote: str
    overlap: float


def best_quote(text: str, chunk: Chunk, *, spans: Sequence[Span] = (), most: int = 2) -> Quoted | None:
    """The one or two units of a passage that say most of `text`; None when nothing of it stands there.

    Neighbours are quoted as one piece; `most` 1 leaves it at one unit. Units within `spans`, where a reranker saw the
    answer, come before others.
    """
    weighed = weights(text)
    places = [place for place in (chunk.units or sentences(chunk.text)) if chunk.text[slice(*place)].strip()]
    held = [weighed.keys() & meant(chunk.text[slice(*place)]) for place in places]
    pointed = [any(first < end and start < last for first, last in spans) for start, end in places]
    if not any(held):
        return None
    above = meant(chunk.place)
    telling = {word: weight * (TITLE if word in above else 1.0) for word, weight in weighed.items()}

    def rank(place: int) -> tuple[float, int]:
        return share(held[place], telling) + PREFERRED * (pointed[place] and bool(held[place])), -place

    best = max(range(len(places)), key=rank)
    pair = _with_second(best, places, held, telling, chunk.text) if most > 1 else [best]
    found = frozenset[str]().union(*(held[place] for place in pair))
    return Quoted(_joined(chunk.text, [places[place] for place in pair]), share(found, weighed))


@lru_cache(maxsize=1024)
def weights(text: str) -> Mapping[str, float]:
    """How much each word that carries the meaning of `text` counts; remembered, or many numbers took quadratic time."""
    names = frozenset(_names(_MARKUP.sub(" ", text)))
    return {word: _weight(word, names) for word in named_words(text)}


def named_words(text: str) -> list[str]:
    """The words that carry the meaning of `text`, in reading order, repeats included, numbers as digits."""
    return _spelled(asked(_whole_numbers(_MARKUP.sub(" ", text))))


def share(held: Iterable[str], weighed: Mapping[str, float]) -> float:
    """What part of the weighed words these are: 0 to 1."""
    total = sum(weighed.values())
    return min(1.0, sum(weighed[word] for word in held) / total) if total else 0.0


@lru_cache(maxsize=4096)
def meant(text: str) -> frozenset[str]:
    """All words of a text, numbers as digits; remembered, because statement after statement is held against it."""
    return frozenset(_spelled(words(_whole_numbers(text))))


def _with_second(
    best: int, places: Sequence[Span], held: Sequence[set[str]], weighed: Mapping[str, float], text: str
) -> list[int]:
    """The best place, and in reading order with it the one that adds the most, if that is worth its words."""
    length = _length(text, places[best])
    adding = [
        (share(held[place] - held[best], weighed), -abs(place - best), -place)
        for place in range(len(places))
        if place != best and length + _length(text, places[place]) <= WORDS
    ]
    gain, _, second = max(adding, default=(0.0, 0, 0))
    return sorted((best, -second)) if gain >= GAIN else [best]


def _joined(text: str, places: Sequence[Span]) -> str:
    """One exact piece where nothing but white space stands between the places, else two."""
    start, end = places[0][0], places[-1][1]
    if len(places) == 1 or not text[places[0][1] : places[-1][0]].strip():
        return text[start:end].strip()
    return JOINT.join(text[slice(*place)].strip() for place in places)


def _length(text: str, place: Span) -> int:
    return len(text[slice(*place)].split())


def _weight(word: str, names: frozenset[str]) -> float:
    if any(character.isdigit() for character in word):
        return NUMBER
    return NAME if word in names else 1.0


def _names(text: str) -> Iterator[str]:
    """Words in capitals that do not merely begin a sentence."""
    for run in _RUN.finditer(text):
        if run.group()[0].isupper() and not _OPENS.search(text[: run.start()][-20:]):
            yield from words(run.group())


def _whole_numbers(text: str) -> str:
    """The text with its large numbers in one piece."""
    return _ORDINAL.sub(r"\1", _GROUPED.sub("", text))


def _spelled(found: Sequence[str]) -> list[str]:
    return [_SPELLED.get(word, word) for word in found]
