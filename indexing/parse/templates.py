"""Takes Liquid, Jinja and Hugo tags out of Markdown, and keeps the words that they would have shown."""

import re

from indexing.parse.cleaning import word_set

_TAG = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`{1,8})(?!`)(?:(?!(?P=ticks)|\n[ \t]*\n)[\s\S]){0,4000}?(?P=ticks)(?!`))"
    r"|\{%[-+]?\s*(?P<name>[\w-]*)(?P<arguments>(?:(?!\{%|%\})[\s\S]){0,4000})%\}"
    r"|\{\{(?P<output>(?:(?!\{\{|\}\})[\s\S]){0,4000})\}\}"
    r"|\{#(?P<comment>(?:(?!\{#|#\})[^\n]){0,4000})#\}"
    r"|\{/\*(?P<script>(?:(?!\*/)[\s\S]){0,4000})\*/\}"
)
_FENCE = re.compile(r"^[ \t>]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_TARGET = re.compile(r"(?:\]\(|=[\"']?|\]:[ \t]*)[^\s()\"']*$")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_PLACE = re.compile(r"\S*/\S*|\S+\.\w{2,5}")
_CONTROL = word_set(
    "if elsif elif else unless for case when assign set capture cycle increment decrement tablerow break continue "
    "block extends macro import from call filter with autoescape load layout render raw verbatim comment highlight"
)


def without_tags(source: str) -> str:
    """`source` without template tags, on the same lines.

    Block tags go and what they enclose stays, but for comments. A tag inside a link's target goes with the target.
    Of other tags stay the quoted words they show: a caption, an alert, a channel's name. Code is left as it is.
    """
    if not any(mark in source for mark in ("{%", "{{", "{#", "{/*")):
        return source
    strip = _Stripper()
    return "".join(code if code is not None else strip(prose) for prose, code in _parts(source))


def _parts(source: str) -> "list[tuple[str, str | None]]":
    """The source in order: prose as (text, None), fenced code as ("", text)."""
    parts: list[tuple[str, str | None]] = []
    prose: list[str] = []
    fenced: list[str] = []
    fence = ""
    for line in source.splitlines(keepends=True):
        mark = _FENCE.match(line.rstrip("\n"))
        (fenced if fence else prose).append(line)
        if mark and not fence:
            parts.append(("".join(prose[:-1]), None))
            fence, fenced, prose = mark["mark"], [line], []
        elif mark and mark["mark"].startswith(fence) and not mark["info"].strip():
            parts.append(("", "".join(fenced)))
            fence, fenced = "", []
    return [*parts, ("", "".join(fenced)) if fence else ("".join(prose), None)]


class _Stripper:
    """Remembers, from one tag to the next, whether a comment or a verbatim part is open."""

    def __init__(self) -> None:
        self.until = ""

    def __call__(self, prose: str) -> str:
        shown: list[str] = []
        at = 0
        for tag in _TAG.finditer(prose):
            between = prose[at : tag.start()]
            shown.append(_line_ends(between) if self.until == "endcomment" else between)
            shown.append(self._replace(tag, prose))
            at = tag.end()
        rest = prose[at:]
        return "".join((*shown, _line_ends(rest) if self.until == "endcomment" else rest))

    def _replace(self, tag: re.Match[str], prose: str) -> str:
        whole = tag.group()
        if self.until:
            if tag["name"] != self.until:
                return _line_ends(whole) if self.until == "endcomment" else whole
            self.until = ""
            return _line_ends(whole)
        if tag["code"] is not None:
            return whole
        if tag["name"] in ("comment", "raw", "verbatim"):
            self.until = "end" + tag["name"]
        return _words(tag, prose) + _line_ends(whole)


def _words(tag: re.Match[str], prose: str) -> str:
    if _TARGET.search(prose, max(0, tag.start() - 300), tag.start()):
        return "#"
    if tag["name"] is not None:
        return _shown(tag["name"].lower(), tag["arguments"])
    return _shown("", tag["output"]) if tag["output"] else ""


def _shown(name: str, arguments: str) -> str:
    if name in _CONTROL or name.startswith("end") or "icon" in name:
        return ""
    quoted = [one or two for one, two in _QUOTED.findall(arguments)]
    if name.endswith("channel") and quoted:
        return "#" + quoted[0].lstrip("#")
    said = [words for words in quoted if " " in words.strip()]
    if not said and len(quoted) == 1 and not _PLACE.fullmatch(quoted[0]):
        said = quoted
    return " ".join(said)


def _line_ends(text: str) -> str:
    return "\n" * text.count("\n")
