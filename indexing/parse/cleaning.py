"""Takes out of text what a reader cannot see: control, zero-width, bidirectional, tag and variation characters."""

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANKS = re.compile(r"[ \t]+")
LONGEST_OWNER = 120
"""Characters of who answers for a document; what is longer is no name."""


def visible(text: str) -> str:
    r"""`text` with what cannot be seen taken out, every line end as \n and every space as U+0020.

    Stripping tag and zero-width characters at ingest keeps instructions that only a model sees out of the index.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SPACES.sub(" ", _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """`text` as a single line, white space folded."""
    return " ".join(visible(text).split())


def owner_line(text: str) -> str:
    """Who answers for a document, as a single line of bounded length."""
    return one_line(text)[:LONGEST_OWNER].rstrip()


def folded(text: str) -> str:
    """`text` with blanks folded and trimmed on each line, and empty lines dropped."""
    lines = (_BLANKS.sub(" ", line).strip() for line in visible(text).split("\n"))
    return "\n".join(line for line in lines if line)


def looks_wrapped(lines: list[str]) -> bool:
    """Whether the line ends only fit prose into a width: all lines but the last are long, and alike."""
    lengths = [len(line.strip()) for line in lines[:-1]]
    return bool(lengths) and min(lengths) >= 40 and max(lengths) <= 2 * min(lengths)  # noqa: PLR2004 - a line's usual width


def word_set(words: str) -> frozenset[str]:
    """The words of a line as a set, for lists that are read better than they are quoted."""
    return frozenset(words.split())
