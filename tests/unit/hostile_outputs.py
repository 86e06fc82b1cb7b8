"""Texts that a fooled model, or a hostile document, would like to see posted; and what a reader of a post finds in it.

The corpus is our own, one JSON object a line: `kind`, and `text` with everything invisible spelled out.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from handlers.views.blocks import LONGEST_FALLBACK, body, escaped

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
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_FENCE = re.compile(r"(?P<lead>(?: {0,3}>)* {0,3})```(?P<language>[A-Za-z0-9+#_\-]*)")
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
_PATH = re.compile(r"(?<![\w./\-])(?:[\w\-]+\.)+(?:com|example|uk|jp)[/?#:]", re.IGNORECASE)
_JOINING = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "MONGOLIAN")
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5\u034f"


def dangers(
    shown: str, *, sources: int = SOURCES, allowed: Collection[str] = ALLOWED, finished: bool = True
) -> list[str]:
    """All that could come alive, hide, or pass for ours in a text as it is shown; empty for a safe one.

    It is read in each way in which Slack may be given it: as Markdown, escaped or not; as Slack's own markup, escaped;
    and as rich text. A text that is not `finished` may stand in the middle of a block, which ends for a reader of it.
    """
    if not finished and not _blocks(shown)[2]:
        shown += "\n```"
    return [
        *_invisible(shown),
        *(_unpaired(shown) if finished else ()),
        *_markers(shown, sources),
        *_alive(shown),
        *_alive_in_markdown(shown, allowed),
        *_alive_in_markdown(escaped(shown, limit=10**9), allowed),
        *_alive_in_mrkdwn(shown, allowed),
        *_alive_in_rich_text(body(shown)),
    ]


def _invisible(shown: str) -> Iterator[str]:
    for at, character in enumerate(shown):
        if character in "\u200c\u200d" and all(
            _joins(neighbour) for neighbour in (shown[at - 1 : at], shown[at + 1 : at + 2])
        ):
            continue
        hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character != "\n"
        selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"
        if hidden or selector or character in _BLANK_LETTERS or 0xFDD0 <= ord(character) <= 0xFDEF:
            yield f"invisible U+{ord(character):04X}"


def _joins(character: str) -> bool:
    return character != "" and unicodedata.name(character, "").startswith(_JOINING)


def _unpaired(shown: str) -> Iterator[str]:
    """Backticks that do not pair within their line, and fences that do not pair, or that Markdown sees elsewhere."""
    prose, blocks, ended = _blocks(shown)
    for line in prose:
        if line.count("`") % 2 or "``" in line:
            yield f"backticks that do not pair: {line!r}"
    if not ended:
        yield "a block without an end"
    fences = [token.content.split("\n")[:-1] for token in _MARKDOWN.parse(shown) if token.type == "fence"]
    if fences != blocks:
        yield f"blocks that Markdown sees otherwise: {blocks!r}, {fences!r}"


def _blocks(shown: str) -> tuple[list[str], list[list[str]], bool]:
    """The lines outside blocks, those of each block, and whether the last one ended."""
    prose: list[str] = []
    blocks: list[list[str]] = []
    lead = None
    for line in shown.split("\n"):
        fence = _FENCE.fullmatch(line) if lead is None else None
        if fence:
            lead = fence["lead"]
            blocks.append([])
        elif lead is None:
            prose.append(line)
        elif line == f"{lead}```":
            lead = None
        else:
            blocks[-1].append(line[len(lead) :])
    return prose, blocks, lead is None


def _open_addresses(text: str) -> Iterator[str]:
    for spelt in (text, unicodedata.normalize("NFKC", text), html.unescape(text)):
        for pattern in _ADDRESSES:
            yield from (f"address in the open: {found[0]!r}" for found in pattern.finditer(spelt))


def _code_addresses(code: str, allowed: Collection[str]) -> Iterator[str]:
    for address in re.findall(r"[a-zA-Z][a-zA-Z0-9+.\-]*:[/\\]{2}[^\s`<>\"|。\[(]*", code):
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


def _alive_in_markdown(source: str, allowed: Collection[str]) -> Iterator[str]:
    """Links, images and definitions; and addresses that a reader which looks for them would link."""
    known: dict[str, Any] = {}
    for token in _tokens(_MARKDOWN.parse(source, known)):
        if token.type in ("link_open", "image"):
            yield f"Markdown {token.type}: {token.attrs}"
        elif token.type == "inline":
            children = token.children or []
            yield from _open_addresses(
                "".join(" " if one.type == "code_inline" else one.content or "\n" for one in children)
            )
        elif token.type in ("code_inline", "code_block", "fence"):
            yield from _code_addresses(html.unescape(token.content), allowed)
    if known.get("references"):
        yield f"Markdown references: {known['references']}"


def _alive_in_mrkdwn(shown: str, allowed: Collection[str]) -> Iterator[str]:
    source = escaped(shown, limit=10**9)
    yield from (f"a Slack token: {token}" for token in _SLACK_TOKEN.findall(source))
    yield from (f"HTML: {token.content!r}" for token in _tokens(_MARKUP.parse(source)) if token.type.startswith("html"))
    if re.search(r"&(?!amp;|lt;|gt;)", escaped(shown, limit=LONGEST_FALLBACK)):
        yield "half an entity"
    yield from _open_addresses(_CODE.sub(" ", shown))
    for code in _CODE.findall(shown):
        yield from _code_addresses(code, allowed)
        if code.startswith("```"):
            yield from (f"address in a block: {found[0]!r}" for found in _PATH.finditer(code.replace(ALLOWED[0], "")))


def _alive_in_rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    """Elements other than text: none of them is made of what a model wrote."""
    if not str(block["type"]).startswith(("rich_text", "text")) or "url" in block:
        yield f"a live element: {block}"
    for part in block.get("elements", ()):
        yield from _alive_in_rich_text(part)


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])
