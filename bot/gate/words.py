"""Third stage of the gate: addresses go or become inert code, markers are checked, dangerous neighbours are parted."""

import html
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from typing import NamedTuple

from bot.gate.rows import Rows
from bot.gate.stages import AS_BACKTICKS, CLOSE, FENCE, LOOKAHEAD, OPEN

REMOVED = "(link removed)"
"""What stands where an address was."""

_STOPS = "、。，！？；「」『』（）【】《》"  # noqa: RUF001  (they end a word where no spaces are written)
_PIECE = re.compile(rf"[{OPEN}{CLOSE}{FENCE}]|\n|[ {_STOPS}]+|[^ \n{_STOPS}{OPEN}{CLOSE}{FENCE}]+")
_MARKER = re.compile(r"(\[[0-9]+\])")
_MOST_DIGITS = 6
_SUSPECT = re.compile(r"[./:@\\\[\]<`]|&\w*#?\w+;")

_SCHEME = re.compile(
    r"[a-z][a-z0-9+.\-]{1,31}:[/\\]{2}"
    r"|(?<![a-z0-9])(?:(?:https?|ftp|mailto):[\w/\\%\[.+\-]|(?:(?:java|vb|live)script|view-source):.|data:(?:[a-z]+/|[;,]))"
    r"|(?<![\w./])//(?=[\w\-]+\.)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_ADDRESS_END = re.compile(r"[<>\"|]")
_HOST = re.compile(r"(?<![\w.\-/])[\w\-]++(?:\.[\w\-]++)++(?P<path>(?::\d+)?[/?#])?")
_WEB = re.compile(r"(?<![^\W_])www\d{0,3}\.(?=\w)", re.IGNORECASE)
_PERSON = re.compile(r"[\w.+\-]{1,64}@(?=[\w\-]+\.\w)|(?<!\w)(?:tel|sms|callto|skype|facetime):\+?\w", re.IGNORECASE)
_NUMERIC_HOST = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/(?!\d{1,2}(?:\D|\Z))")
_KEPT = re.compile(r"(?:https?://)?[A-Za-z0-9.\-]+(?::\d+)?(?:[/?#][^\s`<>\"|\[\]\\]*)?", re.IGNORECASE)
_COUNTRY = re.compile(r"[a-z]{2}|xn--[a-z0-9\-]+")
_TOP_LEVEL = """
    app asia biz blog cat cloud club com coop corp dev edu example fun gov icu info int internal intranet invalid jobs
    lan link live local localhost mil mobi museum name net news online onion org page post pro shop site space store
    tech tel test today top travel vip web website wiki win work world xxx xyz zip
    рф срб бел укр қаз мкд онлайн сайт орг 中国 中國 香港 台灣 台湾 新加坡 公司 网络 在线 한국 भारत ไทย みんな コム
"""  # noqa: RUF001  (domains are written in the letters of their countries)
_DOMAINS = frozenset(_TOP_LEVEL.split())
_EXTENSIONS = """
    adoc bat c cc cfg cpp cs css csv doc docx go h html ini ipynb java js json jsx kt lock log md mdx ml pdf php pl png
    ppt pptx ps py rb rs rst sh so sql svg toml ts tsv tsx txt vue xls xlsx xml yaml yml
"""
_FILES = frozenset(_EXTENSIONS.split())
_EDGE = ".,;:!?'\"*_~|=+&“”‘’«»…–—-"  # noqa: RUF001  (quotation marks as people set them)
_AFTER_ADDRESS = ".,;:!?'*_~)]}»”’…"
_UNSPACED = 0x2E80  # from here on scripts that write no spaces: an address ends where one begins

_PROSE, _CODE, _BLOCK = "prose", "code", "block"
"""Where a word stands. In a block an address goes as in prose, since some readers look for them there too."""

_LIVELY = "a|audio|base|embed|form|iframe|img|input|link|math|meta|object|script|style|svg|video"
_PARTED = re.compile(
    r"\](?=\()|~~(?=~)"
    r"|<(?=[@#!]|[a-z][a-z0-9+.\-]{1,31}:(?!:))"
    rf"|(?<!\w)<(?=/?(?:{_LIVELY})(?![\w\-]))"
    r"|(?<!\w)@(?=(?:channel|here|everyone)(?!\w))"
    rf"|(?<![a-z0-9])(?:https?|ftp|mailto|tel|sms|skype|\w+script|view-source|data):(?=[^\w\s/\\{OPEN}{CLOSE}])",
    re.IGNORECASE,
)
_BEFORE_CODE = re.compile(rf"[\w\\<{CLOSE}](?={OPEN})")
_AFTER_CODE = re.compile(rf"{CLOSE}(?=\w)")
_RISKY = re.compile(rf"[\]<@:~`{OPEN}]")
_LEADING = re.compile(r"[^\W\d_]|\[")
_LABEL_END = re.compile(r"(?<!\\)\]|\](?=:)")


class Inert:
    """Words that nothing can make a link, a mention, an image or one of our markers of.

    `gentle` is for labels: what looks like a host's name without a scheme stays, as code, and a file's name stays bare.
    """

    def __init__(self, *, sources: int, allowed_urls: Collection[str], gentle: bool = False) -> None:
        self._sources = sources
        self._addresses = _Addresses(frozenset(url for url in allowed_urls if _KEPT.fullmatch(url)), gentle=gentle)
        self._word = ""
        self._code: str | None = None
        self._block = False  # between two fences
        self._rows = Rows()
        self._swallowing = False  # the rest of an address that was longer than any
        self._last = ""
        self._leads = True  # no letter and no bracket on this line yet
        self._labels = False  # inside a bracket that began a line

    def feed(self, text: str) -> str:
        """All but the word or the code span at the end."""
        return "".join(self._settled(piece) for piece in _PIECE.findall(text))

    def close(self) -> str:
        """The rest."""
        return self._flushed()

    def _settled(self, piece: str) -> str:
        if piece == CLOSE:
            code, self._code = self._code or "", None
            return self._shown(self._inside(code))
        if self._code is not None:
            self._code += piece
            return ""
        if piece == OPEN:
            before, self._code = self._flushed(), ""
            return before
        if piece == FENCE:
            before, self._block = self._flushed(), not self._block
            return before + self._shown(piece)
        if piece[0] in " \n" or piece[0] in _STOPS:
            return self._flushed() + self._shown(piece)
        self._word += "" if self._swallowing else piece
        return self._cut()

    def _inside(self, code: str) -> str:
        """Code as it may leave. A pipe in a table's row would part it, and make it no code: so it is parted here."""
        if self._block:
            return "".join(self._checked(word, where=_BLOCK) for word in _words(code))
        parts = code.split("|") if "|" in code and (self._rows.within or self._addresses.any_in(code)) else [code]
        checked = ("".join(self._checked(word, where=_CODE) for word in _words(part)) for part in parts)
        return "|".join(f"{OPEN}{part}{CLOSE}" if part.strip() else part for part in checked)

    def _flushed(self) -> str:
        word, self._word, self._swallowing = self._word, "", False
        return self._shown(self._checked(word))

    def _cut(self) -> str:
        """What of a word longer than any is shown already: with a space after it, so that nothing can span the cut."""
        shown = ""
        while len(self._word) > LOOKAHEAD:
            word, self._word = self._word[:LOOKAHEAD], self._word[LOOKAHEAD:]
            self._swallowing = self._addresses.runs_on(word)
            shown += self._shown(self._checked(word))
            if self._swallowing:
                self._word = ""
            else:
                shown += self._shown(" ")
        return shown

    def _checked(self, word: str, *, where: str = _PROSE) -> str:
        if not _SUSPECT.search(_folded(word)):
            return word
        if where == _PROSE and _ENTITY.search(word) and self._addresses.any_in(html.unescape(word)):
            return REMOVED
        parts = _MARKER.split(word)
        parts[::2] = (self._piped(part, where=where) for part in parts[::2])
        parts[1::2] = (self._marker(part[1:-1]) for part in parts[1::2])
        return "".join(parts)

    def _piped(self, part: str, *, where: str) -> str:
        return "|".join(self._addresses.inert(cell, where=where) for cell in part.split("|"))

    def _marker(self, digits: str) -> str:
        fits = len(digits) <= _MOST_DIGITS and digits[0] != "0" and int(digits) <= self._sources
        return f"[{digits}]" if fits else f"({digits})"

    def _shown(self, text: str) -> str:
        if not text:
            return ""
        text = self._undefined(text)
        if _RISKY.search(text):
            text = _PARTED.sub(r"\g<0> ", text.replace("`", "'"))
            text = _AFTER_CODE.sub(r"\g<0> ", _BEFORE_CODE.sub(r"\g<0> ", text))
        if _BEFORE_CODE.match(self._last + text) or _AFTER_CODE.match(self._last + text):
            text = f" {text}"
        before, code = self._rows.before(text), OPEN in text
        self._rows.saw(text, piped=code and "|" in text, named=code and self._addresses.any_in(text))
        self._last = text[-1]
        return before + text.translate(AS_BACKTICKS)

    def _undefined(self, text: str) -> str:
        """The text with `[label]:` parted where it would begin a line and so define a reference."""
        if text == "\n":
            self._leads = True
        elif self._leads and (first := _LEADING.search(text)):
            self._leads, self._labels = False, first[0] == "["
        if not self._labels:
            return text
        self._labels = not _LABEL_END.search(text)
        return re.sub(r"\](?=:)", "] ", text)


def addresses(text: str) -> Iterator[str]:
    """The addresses among the words of a text, as `allowed_urls` wants them."""
    found = _Addresses(frozenset(), gentle=False)
    for word in text.split():
        if len(word) <= LOOKAHEAD:
            yield from found.among(word)


class _Host(NamedTuple):
    start: int
    goes: bool


class _Addresses:
    """Finds addresses within a word; `allowed` may stay, as code."""

    def __init__(self, allowed: frozenset[str], *, gentle: bool) -> None:
        self._allowed = allowed
        self._gentle = gentle

    def inert(self, part: str, *, where: str) -> str:
        """The part with each address gone, or as code; within `code` nothing needs to be marked as code again."""
        folded = _folded(part)
        shown: list[str] = []
        at = 0
        for start in self._starts(folded, where=where):
            if start < at:
                continue
            end = _end(folded, start)
            kept = self._kept(part[start:end])
            shown.append(self._named(part[at:start], where=where))
            if kept:
                end = start + kept
                shown.append(f"{OPEN}{part[start:end]}{CLOSE}" if where == _PROSE else part[start:end])
            else:
                address = part[start:end].rstrip(_AFTER_ADDRESS)
                shown.append(REMOVED + part[start + len(address) : end])
            at = end
        shown.append(self._named(part[at:], where=where))
        return "".join(shown)

    def among(self, word: str) -> Iterator[str]:
        """Every address in the word, without the punctuation after it, and with a bracket that it closes itself."""
        folded = _folded(word)
        at = 0
        for start in self._starts(folded, where=_PROSE):
            if start < at:
                continue
            at = _end(folded, start)
            whole = word[start:at]
            bare = whole.rstrip(_AFTER_ADDRESS)
            yield bare
            if _closes(whole[len(bare) : len(bare) + 1], bare):
                yield whole[: len(bare) + 1]

    def runs_on(self, word: str) -> bool:
        """Whether the word ends within an address."""
        folded = _folded(word)
        starts = self._starts(folded, where=_PROSE)
        return bool(starts) and _end(folded, starts[-1]) == len(folded)

    def _starts(self, folded: str, *, where: str) -> list[int]:
        starts = [found.start() for found in _SCHEME.finditer(folded)]
        if where != _CODE:
            starts += [host.start for host in self._hosts(folded) if host.goes]
        if where != _CODE and not self._gentle:
            starts += [found.start() for found in _WEB.finditer(folded)]
        return sorted(starts)

    def _hosts(self, folded: str) -> Iterator[_Host]:
        for found in _HOST.finditer(folded):
            labels = found[0].removesuffix(found["path"] or "").casefold().split(".")
            last = labels[-1]
            if not any(_top(name) for name in labels[1:]) or (self._gentle and labels[1:] == [last] and last in _FILES):
                continue
            known = last not in _FILES and (last in _DOMAINS or _COUNTRY.fullmatch(last) is not None)
            yield _Host(found.start(), goes=known and found["path"] is not None and not self._gentle)

    def _kept(self, address: str) -> int:
        """How many characters of `address` are an allowed one, standing there verbatim; 0 when they are none."""
        unspaced = next((i for i, character in enumerate(address) if ord(character) >= _UNSPACED), 0)
        return self._verbatim(address) or self._verbatim(address[:unspaced])

    def _verbatim(self, address: str) -> int:
        kept = address
        while kept and kept not in self._allowed:
            kept = kept[:-1] if kept[-1] in _AFTER_ADDRESS else ""
        return len(kept)

    def any_in(self, text: str) -> bool:
        """Whether it holds the name of a host, or an address."""
        folded = _folded(text)
        found = any(pattern.search(folded) for pattern in (_SCHEME, _PERSON, _NUMERIC_HOST, _WEB))
        return found or any(True for _ in self._hosts(folded))

    def _named(self, part: str, *, where: str) -> str:
        """The part as code where it holds the name of a host, or an address of a person, that could become a link."""
        named = self.any_in(part)
        if where != _PROSE or not named:
            return part
        start = len(part) - len(part.lstrip(f"{_EDGE}([{{"))
        end = len(part.rstrip(f"{_EDGE})]}}>"))
        while end < len(part) and _closes(part[end], part[start:end]):  # the call's own: os.path.join(a, b)
            end += 1
        return f"{part[:start]}{OPEN}{part[start:end]}{CLOSE}{part[end:]}"


def _closes(bracket: str, text: str) -> bool:
    opening = {")": "(", "]": "[", "}": "{", ">": "<"}.get(bracket)
    return opening is not None and text.count(opening) > text.count(bracket)


def _end(folded: str, start: int) -> int:
    found = _ADDRESS_END.search(folded, start)
    return found.start() if found else len(folded)


def _top(name: str) -> bool:
    return (name.isascii() and name.isalpha() and len(name) > 1) or name.startswith("xn--") or name in _DOMAINS


def _words(code: str) -> list[str]:
    return re.split("( +)", code)


def _folded(word: str) -> str:
    """The word, as long as it was, with look-alikes of Latin letters and of `.`, `/` and `:` written plainly."""
    return word if word.isascii() else "".join(_plain(character) for character in word)


@cache
def _plain(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    plain = _LOOKS_LIKE.get(plain, plain)
    return plain if len(plain) == 1 else character


_LOOKS_LIKE = {
    **dict.fromkeys("\u2044\u2215\u29f8\u1735", "/"),
    **dict.fromkeys("\u02d0\u02f8\u2236\ua789\u0589\u05c3", ":"),
    **dict.fromkeys("\u3002\uff61\u2024", "."),
}
