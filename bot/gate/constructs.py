"""Second stage of the gate: links, images, references, autolinks, Slack tokens, HTML and backticks as they show."""

import re
from itertools import islice
from typing import TypeAlias

from bot.gate.fences import DEEPEST, SHORTEST, Fence
from bot.gate.stages import CLOSE, LOOKAHEAD, OPEN, through

_Step: TypeAlias = tuple[int, str] | None
"""How many characters were understood, and what they show; None while more text could change that."""

_DEEP = 3  # links within links
_MANY = 12  # brackets looked at for the one that closes

_SQUARE, _ROUND = re.compile(r"[\[\]]|\n *\n"), re.compile(r"[()]|\n *\n")
_PLAIN = re.compile(r"[^`~<\[!\n]+|\n+")
_LEAD = re.compile(r"(?:[ >*+\-]|\d{1,9}[.)] )*")
_LONGEST_LEAD = 100
_RUN, _TICKS = re.compile(r"`+|~+"), re.compile(r"`+|\n")
_LEADING = re.compile(r"[^\W\d_]|\[")
_TITLE = r"""(?:\s++(?:"[^"]*+"|'[^']*+'|\([^()]*+\)))?+\s*+"""
_TARGET = re.compile(rf"\s*+(?:<[^<>\n]*+>|(?!<)\S*+){_TITLE}")
_DEFINED = re.compile(rf"\s*+(?:<[^<>]*+>|(?=\S*[:/.#])\S++){_TITLE}")
_REFERENCE = re.compile(r"\[[^\[\]\n]*+(\]?)")
_TOKEN_END = re.compile(r"[<>\n]")
_ADDRESSED = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,31}:(?!:)\S*|www\.\S+|[^\s@]+@[^\s@]+")
_MENTIONED = re.compile(r"!(here|channel|everyone)|[@#]([a-z][\w.\-]*)")
_TAG = re.compile(r"/?([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?")
_BREAKING = """
    article aside blockquote br center dd details dialog dir div dl dt fieldset figcaption figure footer form frame
    frameset h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section select summary table tbody td
    textarea tfoot th thead tr ul
"""
_INLINE = """
    a abbr acronym address applet area audio b base basefont bdi bdo bgsound big blink body button canvas caption cite
    code col colgroup data datalist del dfn em embed font head html i iframe image img input ins kbd keygen label link
    map mark marquee math meta meter noembed noframes noscript object optgroup output param picture plaintext progress
    q rp rt ruby s samp script slot small source span strike strong style sub sup svg template time title track tt u
    var video wbr xmp
"""
_BREAKS = frozenset(_BREAKING.split())
_TAGS = _BREAKS | frozenset(_INLINE.split())


class Unwrapped:
    """Text as its markup would show it; code stands between `OPEN` and `CLOSE`, and no other backtick is left.

    A fenced block leaves with its fences, never left open; where `blocks` are not wanted, as one code span per line.
    """

    def __init__(self, depth: int = 0, *, blocks: bool = True) -> None:
        self._depth = depth
        self._blocks = blocks
        self._held = ""
        self._fence: Fence | None = None
        self._last = ""
        self._line = ""  # how this line began
        self._first = depth == 0  # no letter and no bracket on this line yet

    def feed(self, text: str) -> str:
        """What is settled: at most `LOOKAHEAD` characters are held back for the end of a construct."""
        return self._taken(self._held + text, closed=False)

    def close(self) -> str:
        """The rest."""
        shown = self._taken(self._held, closed=True)
        end = self._fence.end() if self._fence else ""
        return shown + ("\n" if end and self._last != "\n" else "") + end

    def _taken(self, text: str, *, closed: bool) -> str:
        shown: list[str] = []
        at = 0
        while at < len(text) and (step := self._step(text, at, closed=closed)) is not None:
            self._pass(text[at : at + step[0]])
            at += step[0]
            shown.append(step[1])
        self._held = text[at:]
        return "".join(shown)

    def _step(self, text: str, at: int, *, closed: bool) -> _Step:
        window = text[at : at + LOOKAHEAD]
        ended = closed and len(window) < LOOKAHEAD
        if self._fence:
            return self._fenced(self._fence, window, ended=ended)
        if window[0] == " " and not self._line and self._blocks:
            spaces = _indent(window)
            if spaces is None and not (ended or _full(window)):
                return None
            if spaces:
                return spaces, " " * DEEPEST
        if plain := _PLAIN.match(text, at):
            return plain.end() - at, plain[0]
        step = self._construct(window, ended=ended)
        return _as_it_stands(window, 1) if step is None and (ended or _full(window)) else step

    def _pass(self, raw: str) -> None:
        self._last = raw[-1:] or self._last
        _, end, line = raw.rpartition("\n")
        fresh = bool(end) and self._depth == 0
        self._line = (("" if end else self._line) + line[:_LONGEST_LEAD])[:_LONGEST_LEAD]
        self._first = (fresh or self._first) and not _LEADING.search(line)

    def _construct(self, window: str, *, ended: bool) -> _Step:
        if window[0] == "<":
            return self._angle(window)
        if window[0] in "`~":
            return self._ticks(window, ended=ended)
        start = 2 if window[0] == "!" else 1
        if len(window) < start:
            return None
        return self._bracket(window, start, ended=ended) if window[start - 1] == "[" else (1, "!")

    # angle brackets

    def _angle(self, window: str) -> _Step:
        if window.startswith("<!--"):
            end = window.find("-->", 2)
            return (end + 3, "") if end > 0 else None
        if len(window) > 1 and not (window[1].isalpha() or window[1] in "/!@#?"):
            return 1, "<"
        found = _TOKEN_END.search(window, 1)
        if found is None:
            return None
        shown = self._within(window[1 : found.start()]) if found[0] == ">" else None
        return (1, "<") if shown is None else (found.end(), shown)

    def _within(self, content: str) -> str | None:
        """What `<content>` shows, None where it is no token."""
        target, labelled, name = content.partition("|")
        if content[0] in "!@#" or _ADDRESSED.fullmatch(target):
            return self._visible(name) if labelled else _mentioned(target)
        if content[0] == "?":
            return ""
        tag = _TAG.fullmatch(content)
        if tag is None or tag[1].lower() not in _TAGS or (self._glued() and tag[1][0].isupper()):  # List<Object>
            return None
        return " " if tag[1].lower() in _BREAKS else ""

    # square brackets

    def _bracket(self, window: str, start: int, *, ended: bool) -> _Step:
        close = _closing(window, start, _SQUARE)
        if close is None or close + 1 == len(window):
            return None
        follower = window[close + 1] if close >= 0 else ""
        if follower == "(":
            return self._link(window, start, close)
        if follower == "[":
            return self._reference(window, start, close)
        if follower == ":" and self._first and start == 1:
            return _definition(window, close, ended=ended)
        return 1, window[0]

    def _link(self, window: str, start: int, close: int) -> _Step:
        end = _closing(window, close + 2, _ROUND)
        if end is None:
            return None
        target = window[close + 2 : max(end, 0)]
        called = self._glued() and not re.search(r"[/:.#?]", target)  # handlers[name](event)
        if end < 0 or called or not _TARGET.fullmatch(target):
            return 1, window[0]
        return end + 1, self._visible(window[start:close])

    def _reference(self, window: str, start: int, close: int) -> _Step:
        found = _REFERENCE.match(window, close + 1)
        if found is None or (found.end() == len(window) and not found[1]):
            return None
        text, name = window[start:close], found[0][1:-1]
        if not found[1] or self._glued() or text.isdigit():  # matrix[i][j], [1][2]
            return 1, window[0]
        return found.end(), self._visible(text) + (f" {found[0]}" if name.isdigit() else "")

    def _glued(self) -> bool:
        return self._last.isalnum() or self._last in ("_", ")", "]")

    def _visible(self, text: str) -> str:
        if self._depth == _DEEP:
            return text.replace("`", "'")
        return through((Unwrapped(self._depth + 1),), text)

    # backticks and tildes

    def _ticks(self, window: str, *, ended: bool) -> _Step:
        run = _RUN.match(window)
        count = run.end() if run else 1
        if count == len(window) and not ended:
            return _as_it_stands(window, count) if _full(window) else None
        line, end, _ = window[count:].partition("\n")
        if count >= SHORTEST and self._begins() and (window[0] == "~" or "`" not in line):
            if not end and not ended:
                return _as_it_stands(window, count) if _full(window) else None
            self._fence = Fence(window[:count], line, lead=self._line, block=self._blocks)
            return count + len(line + end), ""
        return _as_it_stands(window, count) if window[0] == "~" else _code(window, count, ended=ended)

    def _begins(self) -> bool:
        """Whether what comes next begins its line, but for marks of quotes and lists."""
        return self._depth == 0 and len(self._line) < _LONGEST_LEAD and _LEAD.fullmatch(self._line) is not None

    def _fenced(self, fence: Fence, window: str, *, ended: bool) -> _Step:
        line, end, _ = window.partition("\n")
        if not end and not ended and not _full(window):
            return None
        if not fence.holds(line):
            self._fence = None
            return 0, fence.end() + "\n"
        if fence.ends(line):
            self._fence = None
            return len(line + end), fence.end() + (end if fence.parts else "")
        return len(line + end), fence.line(line) + ("" if ended else "\n")


def _indent(window: str) -> int | None:
    """Spaces before a fence that are too many for one; 0 where it has no such, None where more must be seen."""
    spaces = len(window) - len(window.lstrip(" "))
    after = window[spaces : spaces + SHORTEST]
    if len(after) < SHORTEST and not after.strip("`~"):
        return None
    return spaces if spaces > DEEPEST and after in ("```", "~~~") else 0


def _full(window: str) -> bool:
    return len(window) == LOOKAHEAD


def _as_it_stands(window: str, count: int) -> _Step:
    return count, window[:count].replace("`", "'")


def _closing(window: str, at: int, brackets: re.Pattern[str]) -> int | None:
    """Where the bracket opened before `at` closes; -1 where it does not, None where more text must be seen."""
    depth = looked = 0
    for bracket in islice(brackets.finditer(window, at), _MANY):
        looked += 1
        if bracket[0] in "[(":
            depth += 1
        elif bracket[0] not in "])":  # a blank line
            return -1
        elif depth == 0:
            return bracket.start()
        else:
            depth -= 1
    return -1 if looked == _MANY else None


def _definition(window: str, close: int, *, ended: bool) -> _Step:
    end = window.find("\n", close)
    if end < 0 and not ended:
        return None
    end = end if end >= 0 else len(window)
    return (end, "") if _DEFINED.fullmatch(window, close + 2, end) else (1, "[")


def _mentioned(target: str) -> str:
    if target[0] not in "!@#":
        return target
    found = _MENTIONED.fullmatch(target)
    return (found[1] or found[2]) if found else ""


def _code(window: str, count: int, *, ended: bool) -> _Step:
    for run in _TICKS.finditer(window, count):
        if run[0] == "\n":
            return _as_it_stands(window, count)
        if len(run[0]) == count and (ended or run.end() < len(window)):
            content = window[count : run.start()].strip()
            return run.end(), (_span(content) if content else "")
    return _as_it_stands(window, count) if ended or _full(window) else None


def _span(content: str) -> str:
    return f"{OPEN}{content.replace('`', chr(39))}{CLOSE}"
