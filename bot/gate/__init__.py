"""The output gate: all outgoing text passes it, and nothing leaves but plain text, our own `[n]` and inert addresses.

Three stages, each incremental and each deciding by content alone, never by where a stream happened to be cut:

1. `characters`: what a reader cannot see goes.
2. `constructs`: links, images, references, autolinks, Slack tokens and HTML tags go, down to the text that they show.
3. `words`: addresses go or become inert code, `[n]` stays only where source n exists, and no two characters that would
   begin a link, a definition or a mention leave side by side.

The last stage sees exactly what is about to leave, so what an earlier removal put together is caught like the rest.
Markdown that gives a text its shape stays: headings, lists, emphasis, code, tables, quotes and fenced blocks.

How it may be cut: what `feed` returns may be sent at once, as the next piece of the same message. A new message may
begin at any line end outside a fenced block: backticks come in pairs within a line, and fences in pairs of lines. A
block that goes on in the next message is ended with its fence in the one and begun with it in the other; a text that
is given up early needs `close`, which ends the block that it was in, and so does one that is shown unfinished as
anything but a stream of Markdown.

Escaping `&`, `<` and `>` is left to the views. Each stage holds back at most `LOOKAHEAD` characters.
"""

import re
from collections.abc import Collection

from bot.gate import words
from bot.gate.characters import Visible
from bot.gate.constructs import Unwrapped
from bot.gate.stages import AS_BACKTICKS, AS_SPACES, LOOKAHEAD, closed, fed, through
from bot.gate.words import REMOVED, Inert

__all__ = ["LOOKAHEAD", "REMOVED", "Gate", "addresses", "gated", "label", "plain", "unmarked"]


class Gate:
    """The gate for a text that arrives in pieces.

    What `feed` and `close` return, put together, equals `gated` of the whole, wherever the text was cut.
    """

    def __init__(self, *, sources: int, allowed_urls: Collection[str] = ()) -> None:
        self._stages = (Visible(), Unwrapped(), Inert(sources=sources, allowed_urls=allowed_urls))

    def feed(self, text: str) -> str:
        """What is safe to show by now, and was not shown before."""
        return fed(self._stages, text)

    def close(self) -> str:
        """The rest of it; the gate is not used again."""
        return closed(self._stages)


def gated(text: str, *, sources: int = 0, allowed_urls: Collection[str] = ()) -> str:
    """A whole text as it may leave: `[n]` for 1 <= n <= `sources`, addresses in `allowed_urls` as inert code."""
    if plain(text):
        return text
    gate = Gate(sources=sources, allowed_urls=allowed_urls)
    return gate.feed(text) + gate.close()


def plain(text: str) -> bool:
    """Whether a line is of letters, digits and everyday stops alone: the gate would let it through as it is.

    Most sentences are, and to know it costs a hundredth of looking through them.
    """
    return len(text) <= LOOKAHEAD and _PLAIN.fullmatch(text) is not None


def label(text: str, *, limit: int) -> str:
    """One gated line of at most `limit` characters: for a title, a heading, a path, a name, an error.

    Names of files stay bare, and a path that begins like the name of a host stays as code instead of going.
    """
    stages = (Visible(), Unwrapped(blocks=False), Inert(sources=0, allowed_urls=(), gentle=True))
    line = " ".join((text if plain(text) else through(stages, text)).split())
    if len(line) <= limit:
        return line
    cut = line[: max(limit - 1, 0)]
    if cut.count("`") % 2:  # in the middle of a code span
        cut = cut[: cut.rindex("`")]
    return f"{cut.rstrip()}…"[:limit]


def unmarked(text: str) -> str:
    """A document's text in which nothing can pass for one of our markers: a literal `[2]` becomes `(2)`."""
    if plain(text):
        return text
    for _ in range(_ROUNDS):
        before, text = text, through((Visible(), Unwrapped(blocks=False)), text).translate(AS_BACKTICKS)
        if before == text:
            return _NUMBER.sub(lambda found: f"{found[1] and '] '}({found[2]})", text)  # "[a][2]" is not to be "[a](2)"
    return text.translate(_NO_BRACKETS)  # made to unfold for ever


def addresses(text: str) -> frozenset[str]:
    """The addresses in a passage, as the gate itself tells them: what `allowed_urls` may be for who cites it."""
    return frozenset(words.addresses(through((Visible(), Unwrapped()), text).translate(AS_SPACES)))


_PLAIN = re.compile(r"(?:[A-Za-z0-9À-ÖØ-öø-ÿ,;'’%–… -]|[.?!](?= |\Z))*+")
_ROUNDS = 4
_NUMBER = re.compile(r"(\]?)\[\s*+(\d++)\s*+\]")
_NO_BRACKETS = str.maketrans("[]<>", "()()")
