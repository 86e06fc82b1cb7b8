"""What a person sees of a message, as a tree of a few kinds of nodes.

Both the page and the tests read this tree, so they see the same thing. Every string in it is plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

Kind = Literal[
    "text",
    "bold",
    "italic",
    "strike",
    "code",
    "pre",
    "break",
    "link",
    "address",
    "mention",
    "date",
    "paragraph",
    "heading",
    "quote",
    "list",
    "item",
    "divider",
    "section",
    "fields",
    "context",
    "actions",
    "button",
    "feedback",
    "overflow",
    "select",
    "option",
    "image",
    "table",
    "row",
    "cell",
    "input",
    "task",
]
Attribute: TypeAlias = str | int | bool
BLOCK_KINDS: frozenset[Kind] = frozenset(
    (
        "pre",
        "paragraph",
        "heading",
        "quote",
        "list",
        "item",
        "divider",
        "section",
        "fields",
        "context",
        "actions",
        "table",
        "row",
        "input",
        "task",
        "image",
    ),
)


@dataclass(frozen=True, slots=True)
class Node:
    """One thing on the screen: a kind, the text of a leaf or the children of a branch, and a few attributes."""

    kind: Kind
    text: str = ""
    children: tuple[Node, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])

    def as_json(self) -> dict[str, object]:
        """The node for the page; empty parts are left out."""
        return {
            "is": self.kind,
            **({"text": self.text} if self.text else {}),
            **({"of": [child.as_json() for child in self.children]} if self.children else {}),
            **self.attributes,
        }


def text(value: str) -> Node:
    """A run of plain text."""
    return Node("text", value)


def styled(style: str, children: tuple[Node, ...]) -> Node:
    """Bold, italic or struck text."""
    if style == "bold":
        return Node("bold", children=children)
    return Node("italic" if style == "italic" else "strike", children=children)


def link(url: str, children: tuple[Node, ...]) -> Node:
    """A link that can be followed for http and https, an address to copy for file, and bare text for the rest."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme in ("http", "https"):
        return Node("link", children=children, attributes={"url": url})
    if scheme == "file":
        return Node("address", children=children, attributes={"url": url})
    return Node("text", plain(children))


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node of the trees, parents first."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def links(nodes: Iterable[Node]) -> list[str]:
    """Every address that Slack would open, copy or fetch, in reading order."""
    return [str(node.attributes["url"]) for node in walk(nodes) if "url" in node.attributes]


def plain(nodes: Iterable[Node]) -> str:
    """The nodes as a person reads them aloud: text only, a line per block."""
    parts: list[str] = []
    for node in nodes:
        words = _plain_node(node)
        if node.kind in BLOCK_KINDS:
            if parts and not parts[-1].endswith("\n"):
                parts.append("\n")
            parts.append(words if words.endswith("\n") or not words else words + "\n")
        else:
            parts.append(words)
    return "".join(parts).strip("\n")


def _plain_node(node: Node) -> str:
    if node.kind == "break":
        return "\n"
    if node.kind == "actions":
        return " ".join(plain((child,)) for child in node.children)
    if node.kind == "row":
        return " | ".join(plain((child,)) for child in node.children)
    return node.text + plain(node.children)
