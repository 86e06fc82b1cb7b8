"""What must not differ between a sentence and the quote for it: numbers, names, what is denied, and opposites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.answering.cite import JOINT
from bot.answering.support import meant, named_words, share, weights
from bot.words import words

BESIDE_NUMBER: Final = 2
BESIDE_NAME: Final = 3
"""Words on either side of a number, and of a name, that say what it is about."""
TOGETHER: Final = 0.5
TOGETHER_NAME: Final = 0.3
"""The share of those words that must stand where the number, or the name, stands in the passage."""

PART: Final = re.compile(r"[;,:]\s|\b(?:and|or)\b")
"""Where one part of a sentence ends."""

_NOT = re.compile(
    r"\b(?:not|no|never|cannot|without|neither|nor|none|nobody|nothing|except|unable|forbidden|prohibited|refuses?)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bno (?:later|more|less|fewer|longer) than\b|\bnot only\b|\bno matter\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:,—…]\s|(?<=[.!?])\s|\b(?:but|unless|although|whereas|and then)\b")
_CONTRARY: Final = (
    ("before", "after"), ("minimum", "maximum"), ("allowed", "forbidden"), ("increase", "decrease"),
    ("start", "end"), ("first", "last"), ("open", "closed"), ("enable", "disable"), ("optional", "required"),
    ("optional", "mandatory"), ("internal", "external"), ("paid", "unpaid"), ("always", "never"),
    ("least", "most"), ("above", "below"), ("over", "under"), ("weekly", "monthly"), ("daily", "weekly"),
    ("morning", "evening"), ("accept", "reject"), ("opt", "mandatory"), ("inside", "outside"),
)  # fmt: skip
_LINE = r"\n+(?=\s*(?:[-*•|#]|\d+[.)]|[A-Z]))"
_SENTENCE = re.compile(rf"(?<=[.!?])\s+(?=[A-Z])|{_LINE}")
_LISTED = re.compile(r"[;,]\s|\b(?:and|or)\b")
_CODE = re.compile(r"`([^`\n]+)`")
_EACH: Final = frozenset(words("each every both all"))
_ONE = re.compile(r"\b1\b")
_WORDS = re.compile(r"[^\W_]+")


def differs(text: str, quote: str, place: str) -> bool:
    """Whether a number or a name stands in the quote beside other words, or something there says the contrary."""
    above = meant(place)
    pieces = [piece for part in quote.split(JOINT) for piece in _SENTENCE.split(part) if piece.strip()]
    if not _same_sense(text, pieces, above) or _contrary(text, quote):
        return True
    return not all(_stands(one, pieces) for one in _particulars(text, above))


def _same_sense(text: str, pieces: Sequence[str], above: frozenset[str]) -> bool:
    """Whether each clause is denied, or not, as the clause of the passage is that has most of its words."""
    theirs = [clause for piece in pieces for clause in _CLAUSE.split(piece) if clause.strip()]
    for clause in _CLAUSE.split(text):
        own = {word: weight for word, weight in weights(clause).items() if word not in above}
        held = [(share(own.keys() & meant(other), own), other) for other in theirs]
        most, nearest = max(held, key=lambda one: one[0], default=(0.0, ""))
        if most > 0 and _negated(clause) != _negated(nearest):
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Particular:
    """A number, a name or a word of code: the words beside it, and the names beside it where it is a number."""

    word: str
    number: bool
    beside: frozenset[str]
    names: frozenset[str]


def _particulars(text: str, above: frozenset[str]) -> Iterator[_Particular]:
    """Those that a reader would check, but for what the passage's title or section says."""
    code = {word for found in _CODE.findall(text) for word in named_words(found)}
    special = {word for word, weight in weights(text).items() if weight > 1} | code
    spelled_one = not _ONE.search(text)
    for order in map(named_words, PART.split(text)):
        for position, word in enumerate(order):
            if word not in special or word in above or (word == "1" and spelled_one):
                continue
            number = _is_number(word)
            reach = BESIDE_NUMBER if number else BESIDE_NAME
            close = (set(_beside(order, position, BESIDE_NAME)) & special) - above if number else set[str]()
            names = frozenset(name for name in close if not _is_number(name))
            yield _Particular(word, number, frozenset(_beside(order, position, reach)) - special - above - _EACH, names)


def _beside(order: Sequence[str], position: int, reach: int) -> Sequence[str]:
    return [*order[max(0, position - reach) : position], *order[position + 1 : position + 1 + reach]]


def _stands(one: _Particular, pieces: Sequence[str]) -> bool:
    """Whether a piece has it with enough of what is beside it, and a number in one clause with its names."""
    least = TOGETHER if one.number else TOGETHER_NAME
    for piece in pieces:
        held = meant(piece)
        if one.word not in held or (one.beside and len(one.beside & held) <= least * len(one.beside)):
            continue
        if any(_is_with(one, part, held, piece) for part in _LISTED.split(piece)):
            return True
    return False


def _is_with(one: _Particular, part: str, held: frozenset[str], piece: str) -> bool:
    """Whether this part of a piece has it: with its names, and where other parts have others of its kind, with all."""
    here = meant(part)
    if one.word not in here or (one.names and not one.names & here):
        return False
    rivals = {word for word, weight in weights(piece).items() if weight > 1 and _is_number(word) == one.number} - here
    return not rivals or one.beside & held <= here


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _negated(text: str) -> bool:
    """Whether it denies something; twice is not at all."""
    return len(_NOT.findall(_ONLY.sub(" ", text))) % 2 == 1


def _contrary(text: str, quote: str) -> bool:
    """Whether the one has a word and the other, in its stead, the opposite of it."""
    ours, theirs = _stems(text), _stems(quote)
    for pair in _CONTRARY:
        one, other = (frozenset(words(word)) or frozenset((word,)) for word in pair)
        for mine, opposite in ((one, other), (other, one)):
            if mine <= ours and not opposite & ours and opposite <= theirs and not mine & theirs:
                return True
    return False


def _stems(text: str) -> frozenset[str]:
    return frozenset(word for run in _WORDS.findall(text.lower()) for word in (words(run) or [run]))
