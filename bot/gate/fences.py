"""Fenced blocks of code: as they come in, and in the one form in which they leave, which no reader can mistake."""

import re

from bot.gate.stages import CLOSE, FENCE, OPEN, TICK

SHORTEST = 3
"""Backticks or tildes that make a fence."""

DEEPEST = 3
"""Spaces before a fence; with more it is none to Markdown."""

_LEAD = re.compile(r"(?P<quote>(?: {0,3}>)+ ?)?(?P<indent> *)")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_\-]{1,24}")
_ANY = re.compile("[ >]*")
_RUN = re.compile("`+")


class Fence:
    """A block that has begun: `lead` stands before its fence on the line, `marks` is the fence, `info` follows it.

    It leaves between two lines of three backticks, each of its lines behind the same blanks and quote marks as the
    fence: a line with fewer would end the list item or the quote around it, and the block with it. Where there is more
    before the fence than that, and in a text of one line (`block` false), each line leaves as a code span.
    """

    def __init__(self, marks: str, info: str, *, lead: str, block: bool) -> None:
        self._mark, self._length = marks[0], len(marks)
        found = _LEAD.fullmatch(lead) if block else None
        quote, indent = (found["quote"] or "", found["indent"]) if found else ("", "")
        self._block = found is not None and not (quote and len(indent) > DEEPEST)
        self._lead, self._indent = quote + indent[:DEEPEST], len(indent)
        self._quotes = _quotes(quote.count(">")) if self._block else _ANY
        first = info.strip().partition(" ")[0]
        self._language = first if _LANGUAGE.fullmatch(first) else ""
        self._led = bool(lead)
        self._begun = False

    def holds(self, line: str) -> bool:
        """Whether the line belongs to the block, or to its end: a quote that ends takes its block with it."""
        return self._quotes.match(line) is not None

    def ends(self, line: str) -> bool:
        """Whether the line is the fence that ends the block."""
        marks = self._quotes.sub("", line, count=1).strip()
        return len(marks) >= self._length and not marks.strip(self._mark)

    def line(self, line: str) -> str:
        """A line of the block, without its end; the first one with the fence that begins it."""
        begun, self._begun = self._begun, True
        if not self._block:
            code = line.replace("`", "'")
            return f"{OPEN}{code}{CLOSE}" if line.strip() else line
        code = self._dedented(self._quotes.sub("", line, count=1))
        before = self._lead if begun else f"{FENCE}{self._language}\n{self._lead}"
        return f"{before}{OPEN}{_RUN.sub(_ticks, code)}{CLOSE}" if code.strip() else before.rstrip(" ")

    def end(self) -> str:
        """The fence that ends it, or nothing where no line was in it."""
        return f"{self._lead}{FENCE}" if self._block and self._begun else ""

    @property
    def parts(self) -> bool:
        """Whether the end of the fence's line is shown: not where the fence is not, on a line with nothing else."""
        return self._block if self._begun else self._led

    def _dedented(self, code: str) -> str:
        return code[min(self._indent, len(code) - len(code.lstrip(" "))) :]


def _quotes(deep: int) -> re.Pattern[str]:
    return re.compile(rf"(?: {{0,3}}>){{{deep}}} ?" if deep else "")


def _ticks(run: re.Match[str]) -> str:
    return (TICK if len(run[0]) < SHORTEST else "'") * len(run[0])
