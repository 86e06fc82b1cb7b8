"""What a model writes, as it comes in, cut into sentences, list items and table rows: what statements are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from bot.words.sentences import LOOK, ends, goes_on, hangs_on_a_word

_CLOSERS: Final = "\"'”’»)]*_」』）"  # noqa: RUF001 - full-width closing marks are meant
MARK: Final = r"(?:\[\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\]|【\d{1,3}(?:†[^】\n]{0,40})?】)"
"""A marker that points at passages: `[1]`, `[1, 2]`, and what some models write instead, `【1†lines】`."""
_MARKS = re.compile(rf"(?:[ \t]*+(?:,[ \t]*+)?{MARK})+[.,;]?")
_MARKS_ALONE = re.compile(rf"\s*+{_MARKS.pattern}[ \t\r]*(?=\n|\Z)")
_MARKS_LAST = re.compile(rf"{_MARKS.pattern}\s*\Z")
_MARK_BEGUN = re.compile(r",?[ \t]*(?:\[[\d\s,;–-]*|【[^】\n]{0,44})?\Z")
_STOP = re.compile(r"[.!?…]+|[。！？]+|\n|`+")  # noqa: RUF001 - full-width stops are meant
_ITEM = re.compile(r"(?:[-*+•–]|\d{1,3}[.)]|[a-z]\))[ \t]+")
_OPENING = re.compile(r"\s*(?:[-*+•–][ \t]+)?[*_]*")
_BLANK = re.compile(r"\n[ \t\r]*\n")
_RULE = re.compile(r"[|:\- \t\r]*")
_WORD = re.compile(r"\w")
_WHOLE_WORD = re.compile(r"\W*\w[\w'’]*[^\w'’]")

_FENCE: Final = "```"
_LETTERED: Final = 3
"""Characters of an item's marker such as `a) `."""
_WINDOW: Final = 2 * LOOK
"""Characters after a possible end that may say whether it is one; what they leave open is judged without the rest."""

_INSIDE: Final = -1
"""The verdict on a stop that ends no draft; else it is how many characters after it are markers that belong to it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence, list item, table row or fenced block, as the model wrote it.

    `joint` stands between it and the one before: a blank line, a line break (items, rows), or a space. `start` and
    `end` are code points in all that was fed. `text` is what stands there, with spaces for the line ends in a sentence.
    """

    text: str
    joint: str
    start: int
    end: int


class Drafting:
    """Cuts what a model writes, in whatever pieces it comes.

    What `feed` and `close` return, put together, does not depend on where the text was cut. A draft is returned as soon
    as it is certain to be complete; markers such as `[1][2]` after its full stop, or alone on the next line, are part
    of it. Nothing is cut inside numbers, abbreviations, addresses, names of files, code spans and fenced blocks. What
    holds no letter and no digit is left out.
    """

    def __init__(self) -> None:
        self._text = ""
        self._begin = 0
        """Where the draft begins that is being written, with the white space before it."""
        self._at = 0
        """What stands before this is settled not to end it."""
        self._last_end: int | None = None
        self._kind = ""
        """What the line of the last draft is: an item, a row, or neither."""
        self._closed = False

    def feed(self, piece: str) -> list[Draft]:
        """The drafts that are complete by now and were not before."""
        self._text += piece
        return list(self._cut())

    def close(self) -> list[Draft]:
        """What is left; nothing is fed after that."""
        self._closed = True
        return [*self._cut(), *self._drafted(len(self._text))]

    def _cut(self) -> Iterator[Draft]:
        while (stop := _STOP.search(self._text, self._at)) is not None:
            self._at = stop.start()
            if stop.end() == len(self._text) and not self._closed:
                return  # a run of stops may go on
            if stop.group().startswith("`"):
                after = self._after_code(stop)
                if after is None:
                    return
                self._at = after
                continue
            end, verdict = self._judged(stop)
            if verdict is None:
                return
            self._at = max(stop.end(), end + max(verdict, 0))
            if verdict != _INSIDE:
                yield from self._drafted(self._at)
        self._at = len(self._text)

    def _after_code(self, run: re.Match[str]) -> int | None:
        """Where to look on after the code that these backticks begin, or after them if they begin none."""
        length = run.end() - run.start()
        if length >= len(_FENCE) and not self._line(run.start()):
            ending = re.compile(rf"\n[ \t]*`{{{length},}}[ \t\r]*(?=\n)")
            over = len(self._text)
        else:
            ending = re.compile(rf"(?<!`)`{{{length}}}(?=[^`])|(?=\n)")
            over = run.end()
        found = ending.search(self._text, run.end())
        if found is None:
            return over if self._closed else None
        return found.end() if found.group() else run.end()

    # --- is a stop an end? -------------------------------------------------------------------------------------------

    def _judged(self, stop: re.Match[str]) -> tuple[int, int | None]:
        """Where the stop ends, with what closes around it, and the verdict; None while what follows leaves it open."""
        if stop.group() == "\n":
            return self._settled(stop.start(), partial(_line_ends, self._line(stop.start())), inside=1)
        end = stop.end()
        while self._text[end : end + 1] in _CLOSERS and end < len(self._text):
            end += 1
        if end == len(self._text) and not self._closed:
            return end, None
        before = self._text[max(self._begin, stop.start() - LOOK) : stop.start()]
        before = _OPENING.sub("", before, count=1) if stop.start() - LOOK <= self._begin else before
        return self._settled(end, partial(_sentence_ends, before, self._text[stop.start() : end]))

    def _settled(self, end: int, judge: _Judge, *, inside: int = 0) -> tuple[int, int | None]:
        """The verdict from as little of what follows as settles it: the same, however much of it has come by now."""
        after = self._text[end : end + _WINDOW]
        for length in range(1, len(after) + 1):
            verdict = judge(after[:length], over=False)
            if verdict is not None:
                break
        else:
            verdict = judge(after, over=True) if self._closed or len(after) == _WINDOW else None
        return (end + inside if verdict == _INSIDE else end), verdict

    def _line(self, end: int) -> str:
        """What of the draft stands before `end` on its last line."""
        return self._text[max(self._begin, self._text.rfind("\n", 0, end) + 1) : end].strip()

    # --- drafts ------------------------------------------------------------------------------------------------------

    def _drafted(self, end: int) -> list[Draft]:
        """What was written up to `end`, if it says anything."""
        piece, start = self._text[self._begin : end], self._begin
        self._begin = end
        if not _WORD.search(piece):
            return []
        text = piece.strip()
        start += len(piece) - len(piece.lstrip())
        joint = self._joint(text, start)
        self._last_end = start + len(text)
        if not text.startswith((_FENCE, "|")):
            text = text.replace("\r", " ").replace("\n", " ")
        return [Draft(text, joint, start, self._last_end)]

    def _joint(self, text: str, start: int) -> str:
        """What stands before a draft; remembers what kind of line it is on."""
        gap = "\n\n" if self._last_end is None else self._text[self._last_end : start]
        if "\n" not in gap:
            return " "
        kind = "item" if _ITEM.match(text) else "row" if text.startswith("|") else ""
        before = self._kind
        indented = gap.endswith((" ", "\t"))
        self._kind = "item" if before == "item" and not kind and indented else kind
        if kind:
            return "\n" if kind == before else "\n\n"
        return " " if self._kind and not _BLANK.search(gap) else "\n\n"


class _Judge(Protocol):
    def __call__(self, after: str, /, *, over: bool) -> int | None: ...


def _sentence_ends(before: str, mark: str, after: str, /, *, over: bool) -> int | None:
    """The verdict on a full stop `mark`; None while more than `after` could change it, unless it is `over`."""
    marks = _MARKS.match(after)
    length = marks.end() if marks else 0
    rest = after[length:]
    if not over and _MARK_BEGUN.match(rest.lstrip(" \t")):
        return None
    if mark[0] in "。！？":  # noqa: RUF001 - full-width stops are meant
        return length
    if not marks and not rest[:1].isspace():
        return _INSIDE if rest else 0
    if rest.lstrip(" \t\r").startswith("\n"):
        return _INSIDE  # the end of the line will end it
    if not over and _hangs(before, mark, rest.lstrip()):
        return None
    return length if ends(before, mark, rest) else _INSIDE


def _hangs(before: str, mark: str, following: str) -> bool:
    """Whether more must come before it shows what the stop is."""
    if not following.lstrip("(["):
        return True
    return mark.startswith(".") and hangs_on_a_word(before) and not _WHOLE_WORD.match(following)


def _line_ends(line: str, after: str, /, *, over: bool) -> int | None:
    """The verdict on the end of `line`; `after` begins with it."""
    alone = _MARKS_ALONE.match(after)
    if alone and (over or alone.end() < len(after)):
        return alone.end()
    following = after.lstrip()
    if not over and _line_hangs(line, following):
        return None
    if line.startswith("|") and following.startswith("|"):
        rule = _RULE.match(following)
        is_rule = rule is not None and "-" in rule.group() and following[rule.end() : rule.end() + 1] in ("", "\n")
        return len(after) - len(following) + len(rule.group().rstrip()) if rule is not None and is_rule else 0
    if line.startswith(("|", "#", _FENCE)) or _ITEM.match(following) or _BLANK.match(after):
        return 0
    return _INSIDE if goes_on(_MARKS_LAST.sub("", line), after) else 0


def _line_hangs(line: str, following: str) -> bool:
    """Whether more of the next line must come before it shows what the end of this one is."""
    marks = _MARKS.match(following)
    if _MARK_BEGUN.match(following[marks.end() if marks else 0 :].lstrip(" \t\r")):
        return True
    rule = _RULE.match(following) if line.startswith("|") and following.startswith("|") else None
    if rule is not None and rule.end() == len(following):
        return True
    return following[:1].islower() and len(following) < _LETTERED
