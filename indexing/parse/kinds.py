"""Which parser reads a file, by its name."""

from __future__ import annotations

from functools import cache

from indexing.parse.cleaning import word_set
from indexing.ports import Parser

VERSION = "2"
"""Raised when a parser reads the same file differently: then everything is indexed again."""

_MARKDOWN = word_set("md markdown mdown mkd mkdn mdx qmd rmd")
_HTML = word_set("html htm xhtml")
_TEXT = word_set("txt text rst asc")
_BARE = word_set("readme changelog contributing faq install notes todo")
"""Files without an extension that are documents by custom."""


def kind_of(path: str) -> str:
    """The kind of file that `path` names, empty when it is none that is read."""
    name = path.rsplit("/", 1)[-1].lower()
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return "text" if name in _BARE else ""
    for kind, extensions in (("markdown", _MARKDOWN), ("html", _HTML), ("text", _TEXT)):
        if extension in extensions:
            return kind
    return {"adoc": "asciidoc", "asciidoc": "asciidoc", "org": "org"}.get(extension, "")


def unread(path: str) -> str:
    """Why a file of this name is not read, for a person."""
    name = path.rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    return f"not a kind of file I read ({f'.{extension.lower()}' if dot and stem else 'no extension'})"


@cache
def parser_for(kind: str) -> Parser:
    """The parser of a kind; it is loaded when the first file of its kind is read."""
    if kind == "markdown":
        from indexing.parse.markdown import MarkdownParser  # noqa: PLC0415 - see above

        return MarkdownParser()
    if kind == "html":
        from indexing.parse.html import HtmlParser  # noqa: PLC0415 - see above

        return HtmlParser()
    from indexing.parse.text import TextParser  # noqa: PLC0415 - see above

    return TextParser(prefixed={"asciidoc": "=", "org": "*"}.get(kind, ""))
