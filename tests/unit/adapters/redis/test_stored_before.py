"""What earlier versions stored can be read, and they can read what this one stores: two versions share a server.

`tests/payloads/stored/vN` has a file for each kind that is stored, with a line for every shape that was ever written
under version N of that kind. A line is never changed. A shape that an older reader would misread is a new version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib import resources
from re import findall
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import pytest

from bot.adapters.redis.stored import Newer, OneOf, Stored
from bot.channels import Change, ChannelSettings
from bot.conversations import Turn
from bot.feedback import Escalation, Feedback, Reason
from bot.jobs import Job
from bot.records import AnswerRecord, State
from tests.architecture.sources import ROOT
from tests.nouns import NOON

JOBS: tuple[type[Any], ...] = get_args(Job)
KINDS: tuple[type[Any], ...] = (*JOBS, AnswerRecord, Turn, Feedback, Escalation, ChannelSettings, Change)
FOLDER = ROOT / "tests/payloads/stored"


def _lines(kind: type[Any]) -> Iterator[bytes]:
    for file in sorted(FOLDER.glob(f"v*/{kind.__name__}.jsonl")):
        yield from file.read_bytes().splitlines()


def _stored(kind: type[Any]) -> Stored[Any] | OneOf[Any]:
    return OneOf(JOBS) if kind in JOBS else Stored(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_was_stored_is_read_whole(kind: type[Any]) -> None:
    """Every shape there ever was becomes a value, and nothing that was written is lost on the way."""
    lines = list(_lines(kind))
    assert lines, f"add tests/payloads/stored/v1/{kind.__name__}.jsonl with: {_today(kind).decode()}"
    for line in lines:
        value = _stored(kind).load(line)
        assert type(value) is kind
        assert _lacks(json.loads(line), json.loads(_stored(kind).dump(value))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_who_reads_an_older_shape_finds_it_in_today_s(kind: type[Any]) -> None:
    """A value in which every field is set has all that the last known shape has, of the same types, and maybe more."""
    last = json.loads(list(_lines(kind))[-1])
    assert _lacks(last, json.loads(_today(kind))) == [], "raise the version of this kind: see Stored"


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_version_is_left_alone(kind: type[Any]) -> None:
    """What the next version writes is told apart from damage, so that nobody throws it away."""
    newer = {**json.loads(_today(kind)), "v": 2}
    with pytest.raises(Newer):
        _stored(kind).load(json.dumps(newer).encode())


def test_every_state_and_reason_is_known_to_the_version_before() -> None:
    """A new word in a value cannot be read by who does not know it: it needs a new version of its kind."""
    states = {json.loads(line)["value"]["state"] for line in _lines(AnswerRecord)}
    reasons = {reason for line in _lines(Feedback) for reason in json.loads(line)["value"]["reasons"]}
    assert (states, reasons) == (set(State), set(Reason))


def test_every_stored_kind_is_here() -> None:
    """No kind is stored that this file does not know."""
    code = "".join(
        file.read_text("utf-8") for file in resources.files("bot.adapters.redis").iterdir() if file.name.endswith(".py")
    )
    named = set(findall(r"\bStored\((\w+)\)", code)) - {"kind"}
    assert named <= {kind.__name__ for kind in KINDS}
    assert {file.stem for file in FOLDER.glob("v*/*.jsonl")} == {kind.__name__ for kind in KINDS}


def _lacks(before: Any, after: Any, where: str = "") -> list[str]:
    """Where `after` has not what `before` has: a field, or a value of its type."""
    if type(before) is not type(after):
        return [f"{where}: {before!r} became {after!r}"]
    if isinstance(before, dict):
        known = cast("Mapping[str, Any]", before)
        return [lack for name, value in known.items() for lack in _lacks(value, after.get(name), f"{where}.{name}")]
    if isinstance(before, list):
        pairs = enumerate(zip(cast("list[Any]", before), after, strict=False))
        return [lack for n, (old, new) in pairs for lack in _lacks(old, new, f"{where}[{n}]")]
    return []


def _today(kind: type[Any]) -> bytes:
    """A value of a kind in which every field is set, as it is stored now."""
    return _stored(kind).dump(_full(kind, kind.__name__))


def _full(kind: Any, name: str) -> Any:
    """Something of a type, however deep, in which nothing is empty."""
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        make = cast("Callable[..., Any]", kind)
        return make(**{field.name: _full(hints[field.name], field.name) for field in fields(kind)})
    if get_origin(kind) is not None:
        return _full_of(get_origin(kind), get_args(kind), name)
    if issubclass(kind, Enum):
        return next(iter(kind))
    plain: Mapping[Any, Any] = {str: name, int: 1, float: 0.5, bool: True, datetime: NOON}
    return plain[kind]


def _full_of(origin: Any, inner: tuple[Any, ...], name: str) -> Any:
    """Something of a type that is made of others."""
    if origin is Literal:
        return inner[0]
    if origin in (Union, UnionType):
        return _full(next(one for one in inner if one is not type(None)), name)
    if issubclass(origin, Mapping):
        return {name: _full(inner[1], name)}
    return origin(_full(one, name) for one in inner if one is not Ellipsis)
