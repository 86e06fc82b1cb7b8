"""What of a text can be quoted by itself: sentences, items, rows, pieces of code."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

from bot.words.sentences import Span, sentences, trimmed
from indexing.parse.cleaning import looks_wrapped
from indexing.ports import Kind

LONGEST = 60
"""Words in a unit: what one quote may hold."""

PIECES_PER_WORD = 1.4
"""In English prose, as `pieces` counts them."""

_PIECE = re.compile(r"[A-Za-z]{1,7}|\d{1,2}|[^\s\w]|_|[^\W\d_A-Za-z]")
_LONG_WORD = 60
"""Characters looked at for each word that a unit may have; what is longer is cut, wherever that falls."""
_CLAUSE = re.compile(r"[;:,–—][\"'”’)\]]*\s|\s[|–—-]\s|\n")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_CODE_LINE = re.compile(
    r"^(?:[ \t]{2,}|\t)\S|[{};,(\[]\s*$|^\s*(?:[#@}]|//|/\*|\*/|\*\s|def |class |return\b|import |from )"
)


def pieces(text: str) -> int:
    """About as many word pieces as an embedding model sees: 1.4 for an English word, more for code and URLs.

    Fitted to MiniLM's on three bodies of documents: correlation .98 to .99, where counting words reaches .61 on pages
    with much code.
    """
    return len(_PIECE.findall(text))


def size(text: str) -> int:
    """Words in `text`, or what its pieces amount to in words where that is more."""
    return max(len(text.split()), int(pieces(text) / PIECES_PER_WORD))


def units(text: str, kind: Kind, *, longest: int = LONGEST) -> list[Span]:
    """Half-open spans in reading order, none over `longest` words; together they hold every word character."""
    if kind is Kind.CODE:
        return _grouped_lines(text, longest)
    whole = trimmed(text, [(0, len(text))])
    if kind is not Kind.PROSE and size(text) <= longest:
        return whole
    parts = whole if kind in (Kind.ROW, Kind.HEADER) else sentences(text)
    return [piece for part in parts for piece in _shortened(text, part, longest)]


def units_of_passage(text: str, *, longest: int = LONGEST) -> list[Span]:
    """Units of a passage whose structure is not known any more: code by lines, wrapped prose by sentences."""
    if looks_like_code(text):
        return units(text, Kind.CODE, longest=longest)
    return [
        (start + begin, start + end)
        for start, stop in _between(text, _BLANK_LINE)
        for begin, end in _paragraph(text[start:stop], longest)
    ]


def looks_like_code(text: str) -> bool:
    """Whether most lines look written for a machine."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and sum(bool(_CODE_LINE.search(line)) for line in lines) > len(lines) / 2


def _paragraph(text: str, longest: int) -> list[Span]:
    joined = text.replace("\n", " ") if looks_wrapped(text.split("\n")) else text
    return units(joined, Kind.PROSE, longest=longest)


def _grouped_lines(text: str, longest: int) -> list[Span]:
    """Code whole, or cut at blank lines, or else at lines, neighbours together as long as they fit."""
    pieces = _packed(text, _between(text, _BLANK_LINE), longest, lambda part: _between(text, re.compile("\n"), *part))
    return [piece for part in trimmed(text, pieces) for piece in _shortened(text, part, longest)]


def _packed(text: str, parts: Iterable[Span], longest: int, finer: Callable[[Span], list[Span]]) -> list[Span]:
    packed: list[Span] = []
    room = 0
    for part in parts:
        needed = size(text[part[0] : part[1]])
        if needed > longest and (smaller := finer(part)) != [part]:
            packed += _packed(text, smaller, longest, lambda line: [line])
            room = 0
        elif packed and needed <= room:
            packed[-1] = (packed[-1][0], part[1])
            room -= needed
        else:
            packed.append(part)
            room = longest - needed
    return packed


def _shortened(text: str, span: Span, longest: int) -> list[Span]:
    """The span itself, or pieces of at most `longest` words, cut after a clause where there is one."""
    pieces: list[Span] = []
    start, end = span
    while (cut := _cut(text, start, end, longest)) is not None:
        pieces.append((start, cut))
        start = cut
    return trimmed(text, [*pieces, (start, end)])


def _cut(text: str, start: int, end: int, longest: int) -> int | None:
    """Where to cut so that the first piece fits, or None when all of it does."""
    window = text[start : min(end, start + longest * _LONG_WORD)]
    last, heavy = start, 0
    for count, run in enumerate(re.finditer(rf"\S{{1,{longest}}}", window)):
        heavy += pieces(run.group())
        if count >= longest or heavy / PIECES_PER_WORD > longest:
            break
        last = start + run.end()
    else:
        return None if start + len(window) == end else start + len(window)
    clauses = [clause.end() for clause in _CLAUSE.finditer(text, start + (last - start) // 3, last)]
    return clauses[-1] if clauses else _after_word(text, start, last)


def _after_word(text: str, start: int, last: int) -> int:
    """`last`, or where the word begins that it would cut, if another stands before it."""
    if last < len(text) and not text[last - 1].isspace() and not text[last].isspace():
        return max(text.rfind(" ", start, last), text.rfind("\n", start, last)) + 1 or last
    return last


def _between(text: str, separator: re.Pattern[str], start: int = 0, stop: int | None = None) -> list[Span]:
    stop = len(text) if stop is None else stop
    edges = [start, *(match.end() for match in separator.finditer(text, start, stop)), stop]
    return [(begin, end) for begin, end in pairwise(edges) if begin < end]
