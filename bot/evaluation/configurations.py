"""Configurations to be compared: files of settings that are laid over the environment."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import BadRequest

NAME = "name"
CLOSE = 0.85
"""How alike a key must be to a setting that was probably meant: all of them begin alike."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One file: what it is called in the report, and the variables that it sets; an empty one takes a variable away."""

    path: Path
    name: str
    variables: Mapping[str, str]


def mark(name: str) -> str:
    """A name as it stands in a file's name."""
    return re.sub(r"[^\w.-]+", "-", name)


def read_all(paths: Sequence[Path], *, known: Collection[str]) -> tuple[Configuration, ...]:
    """The configurations in these files, which may set the variables in `known`.

    Raises `BadRequest` with the file's name when one cannot be read, sets anything else, or is called as another is.
    """
    read = tuple(_read(path, known) for path in paths)
    for name, times in Counter(mark(configuration.name).casefold() for configuration in read).items():
        if times > 1:
            raise BadRequest(f'{times} configurations are called {name}; write name = "…" into one of them')
    return read


def _read(path: Path, known: Collection[str]) -> Configuration:
    told = _parsed(path)
    name = told.pop(NAME, path.stem)
    if not isinstance(name, str) or not name.strip() or "\n" in name:
        raise BadRequest(f"{path}: name is no line of text")
    return Configuration(path, name.strip(), {key: _value(path, key, told[key], known) for key in told})


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"cannot read {path} ({error.strerror}); name a file of settings") from None
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not UTF-8; save it again as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f'{path} is not TOML ({error}); write lines such as FOOTNOTE_GENERATOR = "quotes"') from None


def _value(path: Path, key: str, value: Any, known: Collection[str]) -> str:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1, cutoff=CLOSE)
        raise BadRequest(f"{path}: {key} is no setting that answers depend on" + _hint(near))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadRequest(f"{path}: {key} must be text or a number")
    return str(value)


def _hint(near: Sequence[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""
