"""How findings look: aligned lines for a person, JSON for a program."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from bot.doctor.findings import Finding, Found
from bot.words.counting import counted

STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}
GAP = 2
LEVEL = len("warning") + GAP
NARROW = 30
"""Columns that what was found needs at least to be read beside its name; below that it goes underneath."""

TYPED = re.compile(
    r"/invite @\S+|footnote (?:index|doctor|serve(?: --http)?|manifest)|CONFIG SET \S+ \S+|chmod 700 \S+"
)


def as_json(found: Found) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        "checks": [
            {"level": one.level, "name": one.name, "said": one.said, "remedy": one.remedy} for one in found.findings
        ],
        "unchecked": list(found.unchecked),
        "ok": found.count("ok"),
        "warnings": found.count("warning"),
        "errors": found.count("error"),
    }


def lines(found: Found, *, width: int | None) -> Iterator[Text]:
    """A line for each finding, wrapped under itself where it is longer than `width`; then what was not looked at."""
    indent = LEVEL + max((len(one.name) for one in found.findings), default=0) + GAP
    for one in found.findings:
        yield _line(one, indent=indent, width=width)
    if found.unchecked:
        told = f"Not checked, until the errors above are mended: {', '.join(found.unchecked)}"
        yield Text("\n".join(textwrap.wrap(told, width)) if width else told)
    yield Text(summary(found))


def summary(found: Found) -> str:
    """How many of each."""
    warnings, errors = found.count("warning"), found.count("error")
    return f"{found.count('ok')} ok, {counted(warnings, 'warning')}, {counted(errors, 'error')}"


def _line(one: Finding, *, indent: int, width: int | None) -> Text:
    text = Text.assemble((f"{one.level:<{LEVEL}}", STYLES[one.level]), f"{one.name:<{indent - LEVEL}}")
    whole = f"{one.said} → {one.remedy}" if one.remedy else one.said
    if width is None or indent + len(whole) <= width:
        return text.append(whole)
    return text.append(_wrapped(one, indent=indent, width=width))


def _wrapped(one: Finding, *, indent: int, width: int) -> str:
    """What was found, and underneath what to do, each as a block of its own."""
    beside = width - indent >= NARROW
    margin = indent if beside else LEVEL
    room = max(width - margin, NARROW)
    todo = _folded(f"→ {one.remedy}", room, under="  ") if one.remedy else ""
    block = textwrap.indent(f"{_folded(one.said, room)}\n{todo}".rstrip(), " " * margin)
    return block.lstrip() if beside else f"\n{block}"


def _folded(text: str, width: int, *, under: str = "") -> str:
    """The text in lines of at most `width`, without a break in the first words of what is to be typed."""
    whole = TYPED.sub(lambda found: found[0].replace(" ", "\xa0"), text)
    folded = textwrap.fill(whole, width, subsequent_indent=under, break_on_hyphens=False, break_long_words=False)
    return folded.replace("\xa0", " ")
