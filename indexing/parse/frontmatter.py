"""The front matter of a Markdown page: what it says of itself, read line by line so that no YAML can do harm."""

import re
from dataclasses import dataclass

from indexing.parse.cleaning import one_line

_FENCED = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<inside>[\s\S]{0,65536}?)(?:^|\n)(?P=mark)[ \t]*(?:\n|\Z)", re.MULTILINE
)
_ENTRY = re.compile(r"^([A-Za-z][\w-]*)[ \t]*[:=][ \t]*(.*)$")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"\s*(?:#.*)?$|'((?:[^']|'')*)'\s*(?:#.*)?$")
_NESTED = re.compile(r"^[ \t]+\S|^[ \t]*-[ \t]+\S")
_LOOKS_LIKE_ENTRIES = re.compile(r"\A\s*(?:#[^\n]*\n\s*)*[\"']?[A-Za-z][\w .-]*[\"']?[ \t]*[:=]|\A\s*\Z")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a page says of itself. `lines` are those that the front matter fills, counted from 1."""

    title: str = ""
    summary: str = ""
    keywords: str = ""
    owner: str = ""
    lines: tuple[int, int] = (1, 1)


def parted(text: str) -> tuple[FrontMatter, str]:
    """The front matter, and the text with empty lines in its place, so that line numbers hold."""
    found = _FENCED.match(text)
    if found is None or not _LOOKS_LIKE_ENTRIES.match(found["inside"]):
        return FrontMatter(), text
    entries = _entries(found["inside"])
    count = found.group().count("\n")
    matter = FrontMatter(
        title=entries.get("title", ""),
        summary=entries.get("description", "") or entries.get("summary", ""),
        keywords=", ".join(filter(None, (entries.get("keywords", ""), entries.get("tags", "")))),
        owner=entries.get("owner", "") or entries.get("owners", ""),
        lines=(1, max(1, count)),
    )
    return matter, "\n" * count + text[found.end() :]


def _entries(inside: str) -> dict[str, str]:
    """Top-level entries as one line each: scalars, block scalars, and lists joined by commas."""
    entries: dict[str, str] = {}
    key = ""
    for line in inside.split("\n"):
        entry = _ENTRY.match(line)
        if entry:
            key = entry[1].lower()
            entries[key] = _scalar(entry[2])
        elif key and _NESTED.match(line):
            entries[key] = _continued(entries[key], line.strip())
    return {key: one_line(value) for key, value in entries.items()}


def _scalar(value: str) -> str:
    value = value.strip()
    if value in ("|", ">", "|-", ">-", "|+", ">+"):
        return ""
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(_unquoted(part) for part in value[1:-1].split(","))
    return _unquoted(value)


def _continued(value: str, line: str) -> str:
    if line.startswith("- "):
        return f"{value}, {_unquoted(line[2:])}" if value else _unquoted(line[2:])
    return f"{value} {line}".strip()


def _unquoted(value: str) -> str:
    if quoted := _QUOTED.match(value.strip()):
        double, single = quoted.groups()
        return re.sub(r"\\(.)", r"\1", double) if double is not None else single.replace("''", "'")
    return re.sub(r"\s+#\s.*$", "", value.strip())
