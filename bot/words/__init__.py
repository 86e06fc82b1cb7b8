"""Text to the words that the index counts: lower case, stemmed, and identifiers both whole and in their parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from bot.words.stem import stem

VERSION: Final = 2
"""Grows whenever the same text gives other words; the words of an index made before that are counted again."""

STOP: Final = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
))  # fmt: skip
"""The short list of Lucene's English analyzer; which of a question's words carry meaning is the ranking's to say."""

LONGEST: Final = 64
"""Code points of a word; what is longer (a hash, base64, a drawn line) finds nothing and would swell the index."""

# Letters and digits, joined by what identifiers, versions, names and hyphenated words are joined by; one ideograph or
# kana is a word of its own, because nothing shows where such words end.
_ALONE = r"\u3040-\u30ff\u3400-\u9fff"
_RUN = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+(?:[-_.'’]+[^\W_{_ALONE}]+)*")
_JOINT = re.compile(r"[-_.'’]+")
_APOSTROPHE = re.compile(r"['’](?:s|S)?(?![^\W_])|['’]")
# aB, and ABc before the B; a name of three letters or more and its number: ERR1234, but not s3 or ec2; and the s of
# several ABs, which goes
_HUMP = re.compile(
    r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])|(?<=[A-Za-z]{3})(?=\d)|(?<=[A-Z]{2})s(?![a-z])"
)


def words(text: str) -> list[str]:
    """The words of `text` as the index holds them, in reading order, repeats included, stop words left out.

    A compound comes first as a whole, without what joined it, then in its parts: `camelCase` and `camel_case` both
    give `camelcas`, `camel`, `case`, and `ERR-1234` gives `err1234`, `err`, `1234`. So do several of what is written
    in capitals: `DMs` gives `dms`, `dm`. The word in capitals among others is no stop word: IT is a department.
    """
    if not text.isascii():
        text = _without_marks(text)
    shouted = text.isupper()
    found: list[str] = []
    for run in _RUN.findall(text):
        found += _known_run(run, shouted) if len(run) <= LONGEST else _run(run, shouted)
    return found


@lru_cache(maxsize=1 << 14)
def _known_run(run: str, shouted: bool) -> tuple[str, ...]:  # noqa: FBT001 - a cache is quicker with plain arguments
    """The same runs come again and again: remembered, a text is cut twice as fast."""
    return tuple(_run(run, shouted))


def _run(run: str, shouted: bool) -> Iterator[str]:  # noqa: FBT001 - as above
    lowered = run.lower()
    if lowered in STOP:
        if run.isupper() and len(run) > 1 and not shouted:
            yield lowered
        return
    pieces = _JOINT.split(_APOSTROPHE.sub("", run))
    parts = [part for piece in pieces for part in _HUMP.split(piece) if part]
    whole = list(_word("".join(pieces))) if parts != pieces or len(parts) > 1 else []
    yield from whole
    for part in parts:
        if part.lower() not in STOP and (len(parts) > 1 or whole != [stem(part.lower())]):
            yield from _word(part)


def _word(part: str) -> Iterator[str]:
    if len(part) <= LONGEST:
        yield stem(part.lower())


def _without_marks(text: str) -> str:
    """Compatible forms made one (a wide A is an A), accents dropped."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
