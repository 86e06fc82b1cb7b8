"""Which sources a home knows, and what a run over some paths means for them: nothing is ever indexed twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadRequest
from bot.models import EVERYONE, Principal
from indexing.connectors.files import printable
from indexing.durable import write_durably

NAME = "sources.json"
Readers = tuple[Principal, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A source, or the part `within` it, to bring up to date.

    `apart` lies in it but belongs to other sources. `asked` is False for a source that is visited only because it lies
    inside one that was asked for.
    """

    root: Path
    readable_by: Readers
    within: str = ""
    apart: tuple[str, ...] = ()
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does: `parts` in order; before them `carved` leave their source, after them `absorbed` sources go.

    `sources` is what the home knows once the run has begun.
    """

    parts: tuple[Part, ...]
    carved: tuple[tuple[Path, str], ...]
    absorbed: tuple[Path, ...]
    sources: Mapping[Path, Readers]


def plan(paths: Sequence[Path], known: Mapping[Path, Readers], *, readable_by: Readers | None) -> Plan:
    """What indexing `paths` means when `known` sources exist; without `readable_by` each keeps its readers.

    A path inside a source with the same readers brings that part of it up to date; with other readers it becomes a
    source of its own. A source inside a path is absorbed when its readers are the same, and stays its own otherwise:
    who may read never changes but for what was asked. Raises `BadRequest` for a path that is not there.
    """
    wanted = tuple(sorted(set(readable_by))) if readable_by else None
    sources = dict(known)
    asked: list[tuple[Path, str]] = []
    carved: list[tuple[Path, str]] = []
    for root in _outermost([_there(path) for path in paths]):
        outer = next((parent for parent in root.parents if parent in sources), None)
        if outer is not None and root not in sources and wanted in (None, sources[outer]):
            asked.append((outer, str(root.relative_to(outer))))
            continue
        if outer is not None:
            carved.append((outer, str(root.relative_to(outer))))
        sources[root] = wanted or sources.get(root, (EVERYONE,))
        asked.append((root, ""))
    absorbed = [
        inner
        for root, within in asked
        if not within
        for inner in _beneath(root, sources)
        if sources[inner] == sources[root]
    ]
    for inner in absorbed:
        sources.pop(inner, None)
    return Plan(tuple(_parts(asked, sources)), tuple(carved), tuple(dict.fromkeys(absorbed)), sources)


def read_sources(home: Path) -> dict[Path, Readers]:
    """The sources of a home with their readers. Raises `BadRequest` when the list cannot be understood."""
    try:
        text = (home / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        return {
            Path(root): tuple(Principal.parse(principal) for principal in entry["readable_by"])
            for root, entry in json.loads(text)["sources"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{home / NAME} is damaged; delete it and index each folder again with its --readable-by"
        raise BadRequest(message) from error


def write_sources(home: Path, sources: Mapping[Path, Readers]) -> None:
    """Replace the list as a whole, durably."""
    entries = {
        str(root): {"readable_by": [str(principal) for principal in readers]} for root, readers in sources.items()
    }
    write_durably(home / NAME, json.dumps({"version": 1, "sources": entries}, indent=1))


def _there(path: Path) -> Path:
    root = Path(os.path.realpath(path))
    if not root.exists():
        raise BadRequest(f"{printable(str(path))} is not there; give a folder or a file that exists")
    return root


def _outermost(roots: Iterable[Path]) -> list[Path]:
    """The roots, each once, without those that lie in another one."""
    distinct = list(dict.fromkeys(roots))
    return [root for root in distinct if not any(other in root.parents for other in distinct)]


def _beneath(root: Path, sources: Mapping[Path, Readers]) -> list[Path]:
    return [inner for inner in sources if root in inner.parents]


def _parts(asked: Iterable[tuple[Path, str]], sources: Mapping[Path, Readers]) -> Iterable[Part]:
    visited: set[tuple[Path, str]] = set()
    for root, within in asked:
        inner = _beneath(root / within, sources)
        for part, place in [(root, within), *((other, "") for other in inner)]:
            if (part, place) not in visited:
                visited.add((part, place))
                apart = tuple(str(other.relative_to(part)) for other in _beneath(part, sources))
                yield Part(part, sources[part], place, apart, asked=part == root)
