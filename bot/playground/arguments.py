"""Reads the arguments of a call from its query string and its body, and refuses the ones of a wrong shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.playground.methods import ArgumentType, Method
from bot.playground.refusals import Refusal
from bot.playground.wire import Json

TRUE, FALSE = ("true", "1"), ("false", "0")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, each of its declared type; absent ones are missing."""

    values: Json

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        return self.values.get(name, default)

    def optional_text(self, name: str) -> str | None:
        """A string, None when it is missing or empty."""
        return self.values.get(name) or None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        return self.values.get(name, default)

    def number(self, name: str, default: int) -> int:
        """An integer."""
        return self.values.get(name, default)

    def items(self, name: str) -> list[Any] | None:
        """A list, None when it is missing."""
        return self.values.get(name)

    def mapping(self, name: str) -> Json | None:
        """An object, None when it is missing."""
        return self.values.get(name)


def read(method: Method, given: Mapping[str, Any]) -> Arguments:
    """`given` as the method wants it; raises `Refusal` with `invalid_arguments` and what is wrong."""
    types = method.types()
    given = {name: value for name, value in given.items() if value is not None}
    problems = [f"unknown argument: {name}" for name in given if name not in types]
    problems += [f"missing required field: {name}" for name in method.required.split() if name not in given]
    values: Json = {}
    for name, value in given.items():
        if name in types:
            try:
                values[name] = _converted(value, types[name])
            except ValueError as wrong:
                problems.append(f"{wrong} [json-pointer:/{name}]")
    _refuse_broken_json(given, values)
    if problems:
        raise Refusal("invalid_arguments", *problems)
    return Arguments(values)


def _refuse_broken_json(given: Mapping[str, Any], values: Json) -> None:
    """The codes that Slack keeps for blocks and metadata that cannot be read at all."""
    for name, code in (("blocks", "invalid_blocks_format"), ("metadata", "invalid_metadata_format")):
        if name in given and name not in values:
            raise Refusal(code)


def _converted(value: Any, kind: ArgumentType) -> Any:
    if kind == "string":
        return _string(value)
    if kind == "boolean":
        return _boolean(value)
    if kind == "number":
        return _number(value)
    parsed = _parsed(value)
    if kind == "array":
        if not isinstance(parsed, list):
            raise ValueError("must be an array")
    elif not isinstance(parsed, dict):
        raise ValueError("must be an object")
    return cast("Any", parsed)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004  # one kind of error for every wrong value
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int)) and str(value).lower() in TRUE + FALSE:
        return str(value).lower() in TRUE
    raise ValueError("must be a boolean")


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("must be an integer") from None


def _parsed(value: Any) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("must be valid JSON") from None
