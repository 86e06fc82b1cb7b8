"""Texts that a fooled model, or a hostile document, would like to see posted; and what a reader of a post finds in it.

The corpus is our own, one JSON object a line: `kind`, and `text` with everything invisible spelled out.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

SOURCES = 2
ALLOWED = ("https://good.example/a",)


@dataclass(frozen=True)
class Hostile:
    """One text, and the trick that it plays."""

    kind: str
    text: str


def corpus() -> list[Hostile]:
    """Every hostile text."""
    lines = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    return [Hostile(**json.loads(line)) for line in lines]


_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_MARKUP = MarkdownIt("commonmark", {"html": True})
_CODE = re.compile(r"`[^`\n]+`")
_SLACK_TOKEN = re.compile(r"<[^<>\n]+>")
_BROADCAST = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b", re.IGNORECASE)
_ADDRESSES = (
    re.compile(r"[a-z][a-z0-9+.\-]+:[/\\]{2}[^\s]", re.IGNORECASE),
    re.compile(r"\b(?:https?|mailto|javascript|vbscript|view-source|tel|sms|skype):[\w/\\%+\-]", re.IGNORECASE),
    re.compile(r"\bdata:(?:[a-z]+/|[;,])", re.IGNORECASE),
    re.compile(r"(?<!\w)//[\w\-]+\.\w"),
    re.compile(r"(?<![^\W_])www\d*\.\w", re.IGNORECASE),
    re.compile(r"(?<![\w./\-])(?:[\w\-]+\.)+(?:[a-z]{2,}|xn--[a-z0-9\-]+|рф|中国)(?![\w\-])", re.IGNORECASE),
    re.compile(r"[\w.+\-]+@[\w\-]+\.\w", re.IGNORECASE),
)
_JOINING = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "MONGOLIAN")
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5\u034f"


def dangers(shown: str, *, sources: int = SOURCES, allowed: Collection[str] = ALLOWED) -> list[str]:
    """All that could come alive, hide, or pass for ours in a text as it is shown; empty for a safe one."""
    return [
        *_invisible(shown),
        *_unbalanced(shown),
        *_addresses(shown, allowed),
        *_markers(shown, sources),
        *_alive(shown),
    ]


def _invisible(shown: str) -> Iterator[str]:
    for at, character in enumerate(shown):
        if character in "\u200c\u200d" and all(_joins(neighbour) for neighbour in (shown[at - 1], shown[at + 1])):
            continue
        hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character != "\n"
        selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"
        if hidden or selector or character in _BLANK_LETTERS or 0xFDD0 <= ord(character) <= 0xFDEF:
            yield f"invisible U+{ord(character):04X}"


def _joins(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_JOINING)


def _unbalanced(shown: str) -> Iterator[str]:
    for line in shown.split("\n"):
        if line.count("`") % 2 or "``" in line:
            yield f"backticks that do not pair: {line!r}"


def _addresses(shown: str, allowed: Collection[str]) -> Iterator[str]:
    bare = _CODE.sub(" ", shown)
    for text in (bare, unicodedata.normalize("NFKC", bare), html.unescape(bare)):
        for pattern in _ADDRESSES:
            yield from (f"address in the open: {found[0]!r}" for found in pattern.finditer(text))
    for span in _CODE.findall(shown):
        for address in re.findall(r"[a-zA-Z][a-zA-Z0-9+.\-]*:[/\\]{2}[^\s`<>\"|。\[(]*", span):
            if address.rstrip(".,;:!?'*_~)]}") not in allowed:
                yield f"unknown address in code: {address!r}"


def _markers(shown: str, sources: int) -> Iterator[str]:
    for digits in re.findall(r"\[([0-9]+)\]", shown):
        if len(digits) > 4 or digits.startswith("0") or not 1 <= int(digits) <= sources:
            yield f"marker without a source: [{digits[:9]}]"


def _alive(shown: str) -> Iterator[str]:
    if re.search(r"<[@#!]", shown):
        yield "a Slack token, were it not escaped"
    if _BROADCAST.search(shown):
        yield "a broadcast"
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    yield from (f"a Slack token: {token}" for token in _SLACK_TOKEN.findall(escaped))
    for source in (shown, escaped):
        for token in _tokens(_MARKDOWN.parse(source)):
            if token.type in ("link_open", "image", "fence"):
                yield f"Markdown {token.type}: {token.attrs or token.content!r}"
    for token in _tokens(_MARKUP.parse(escaped)):
        if token.type in ("html_block", "html_inline"):
            yield f"HTML: {token.content!r}"


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])
