"""Does a passage say what a model claims that it says? Sentence by sentence, by words, and by vectors where there are.

Measured by words alone on hand-made pairs of sentence and passage (tests/unit/answering/claims.py), wrong numbers,
wrong names and missing negations among them. On the 90 pairs that the rules and thresholds were chosen on: precision
1.00, recall .97. On 46 written afterwards about other pages: precision .81 and recall .85 when first counted, .90 and
.90 after rules of grammar, not of those pages, were added. Of 816 sentences of the guide with a phrase before them, 13
were lost; of 2,705 pairs of a sentence and another section, 12 were let through. Wrongly passes what puts the words of
one sentence in another relation ("live keys begin with tk_"); wrongly goes a free paraphrase: 1 of 14 passes by words,
6 with the vectors of this machine's model, at the price of one false pair of the 90.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.answering.differing import PART, differs
from bot.answering.drafting import MARK, Draft
from bot.answering.support import best_quote, meant, share, weights
from bot.errors import Unavailable
from bot.models import Chunk, Hit, Statement, Support
from bot.ports.search import Embedder
from bot.words.asking import named

ENOUGH: Final = 0.6
"""The share of a sentence's weighed words that a quote, with the title and section above it, must hold."""
OF_ITS_OWN: Final = 0.3
"""Of these, what the quote itself must hold."""
FEW: Final = {1: 1.0, 2: 1.0, 3: 1.0, 4: 0.8, 5: 0.75, 6: 0.7}
"""The share that a sentence needs of which so few words carry meaning."""
NEARLY: Final = 0.3
NEAR: Final = 0.7
"""The share that is enough where the sentence's vector is as near as this (a cosine) to that of a unit. Chosen with
all-MiniLM-L6-v2; models whose vectors all lie close together let more through, but no wrong number and no other
name."""
QUESTIONS: Final = ("?", "？")  # noqa: RUF001 - a full-width question mark is meant
MOST: Final = 3
"""Passages that one statement rests on."""
LONGEST_RANGE: Final = 9
LONGEST_CODE: Final = 2_000
"""Characters of code that keep their brackets; a bound, so that no text costs quadratic time."""

_CODE_OR_MARK = re.compile(
    rf"(?P<code>(`++)(?:(?!\2).){{1,{LONGEST_CODE}}}\2)|(?:(?<!\s)\s*+(?:,\s*+)?)?(?P<mark>{MARK})", re.DOTALL
)
_TWO_STOPS = re.compile(r"(?<=[.!?。])\s*[.,;](?=\s*\Z)")
_NUMBERS = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|[a-z]\))\s+")
_LEAD = re.compile(
    r"^(?:according to|as stated in|as described in|based on|per) (?:the|our|your) (?:[\w-]+ )?"
    r"(?:documents?|docs|documentation|passages?|handbook|guide|pages?|policy|sources?),?\s+",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage's best quote for a sentence, and how much of the sentence it and its place hold."""

    support: Support
    held: float


class Verifying:
    """Verifies the sentences of one answer against the passages that it was written from.

    A sentence stands on the passages that it names and that say it. When none of those does, it is looked for in all
    of them, and so is a sentence that names none; what no passage says is no statement. Should the embedder fail, words
    alone decide.
    """

    def __init__(self, passages: Sequence[Hit], *, embedder: Embedder | None = None, near: float = NEAR) -> None:
        self._passages = passages
        self._embedder = embedder
        self._near = near

    async def statement(self, draft: Draft) -> Statement | None:
        """The draft without its `[n]`, resting on passages, n counting from 1; None when no passage says it."""
        text, numbers = unmarked(draft.text)
        if text.endswith(QUESTIONS):
            return None  # it claims nothing: small models repeat what they were asked
        named = [self._passages[number - 1] for number in numbers if 1 <= number <= len(self._passages)]
        supports = await self.supports(text, named)
        return Statement(text, supports, draft.joint) if supports else None

    async def supports(self, text: str, named: Sequence[Hit]) -> tuple[Support, ...]:
        """What `text` rests on, each with an exact quote: of `named` if they say it, else of the best passage."""
        held = [found for hit in named if (found := said(text, hit)) is not None]
        if not held:
            held = _best(found for hit in self._passages if (found := said(text, hit)) is not None)
        if not held and self._embedder is not None:
            held = await self._by_vector(text, named, self._embedder)
        return tuple(found.support for found in held[:MOST])

    async def _by_vector(self, text: str, named: Sequence[Hit], embedder: Embedder) -> list[_Found]:
        """The passages with a unit that is near to the sentence, though it uses other words."""
        units = [(hit, hit.chunk.text[start:end]) for hit in self._passages for start, end in hit.chunk.units]
        likely = [(hit, found) for hit, unit in units if (found := _says(text, unit, hit, enough=NEARLY)) is not None]
        if not likely:
            return []
        try:
            vectors = await embedder.embed_queries([text, *(found.support.quote for _, found in likely)])
        except Unavailable:
            self._embedder = None
            return []
        near: dict[str, tuple[float, Hit, _Found]] = {}
        for (hit, found), vector in zip(likely, vectors[1:], strict=True):
            cosine = float(vector @ vectors[0])
            if cosine >= self._near and cosine > near.get(hit.chunk.id, (0.0,))[0]:
                near[hit.chunk.id] = cosine, hit, found
        best = sorted(near.values(), key=lambda one: -one[0])
        return [found for _, hit, found in best if hit in named] or [found for _, _, found in best[:1]]


def unmarked(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without the marks that point at passages, and their numbers; code keeps its brackets."""
    numbers: dict[int, None] = {}

    def taken(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        for first, last in _NUMBERS.findall(found["mark"].partition("†")[0]):
            numbers.update(dict.fromkeys(range(int(first), min(int(last or first), int(first) + LONGEST_RANGE) + 1)))
        return ""

    bare = _CODE_OR_MARK.sub(taken, text)
    return _TWO_STOPS.sub("", bare).strip() if numbers else text, tuple(numbers)


def said(text: str, hit: Hit) -> _Found | None:
    """The quote that says `text`, if the passage does: enough of its words, its numbers, its names, and no contrary."""
    verbatim = _verbatim(text, hit.chunk)
    if verbatim:
        return _Found(Support(hit.chunk.id, verbatim), 1.0)
    text = _bare(text)
    quoted = best_quote(text, hit.chunk, spans=hit.spans, most=2 if PART.search(text) else 1)
    if quoted is None or not named(text) or quoted.overlap < OF_ITS_OWN:
        return None
    return _says(text, quoted.quote, hit, enough=max(ENOUGH, FEW.get(len(weights(text)), 0.0)))


def _says(text: str, quote: str, hit: Hit, *, enough: float) -> _Found | None:
    """This quote, if with title and section above it it holds enough of the sentence and nothing in it differs."""
    text = _bare(text)
    weighed = weights(text)
    held = share(weighed.keys() & (meant(quote) | meant(hit.chunk.place)), weighed)
    if held < enough or differs(text, quote, hit.chunk.place):
        return None
    return _Found(Support(hit.chunk.id, quote), held)


def _bare(text: str) -> str:
    """The sentence without an item's marker and without a phrase that only names the documents."""
    return _LEAD.sub("", _ITEM.sub("", text))


def _verbatim(text: str, chunk: Chunk) -> str:
    """The unit that is this very text; empty where there is none."""
    bare = _squashed(text)
    units = (chunk.text[start:end] for start, end in chunk.units)
    return next((unit for unit in units if bare and _squashed(unit) == bare), "")


def _squashed(text: str) -> str:
    return " ".join(_WORDS.findall(_ITEM.sub("", text).casefold()))


def _best(found: Iterator[_Found]) -> list[_Found]:
    """The one that holds most, the earlier passage where two hold the same."""
    best = max(found, key=lambda one: one.held, default=None)
    return [best] if best is not None else []
