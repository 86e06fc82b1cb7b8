"""What checks of JSON are made of; each yields its complaints, worded like Slack's, with a JSON pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias, cast

from bot.playground.wire import Json

Check: TypeAlias = Callable[[Any, str], Iterator[str]]
"""A check of one value at one JSON pointer; yields what is wrong with it."""

UNDRAWN: frozenset[str] = frozenset(
    (
        "alert",
        "card",
        "carousel",
        "container",
        "data_table",
        "data_visualization",
        "plan",
        "task_card",
        "auth_provider",
        "file",
        "video",
        "call",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "channels_select",
        "external_select",
        "multi_users_select",
        "multi_conversations_select",
        "multi_channels_select",
        "multi_external_select",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
        "workflow_button",
        "input",
    ),
)
"""What Slack knows and the playground has no picture of."""


def at(problem: str, path: str) -> str:
    """A problem with its place."""
    return f"{problem} [json-pointer:{path}]"


def string(longest: int, shortest: int = 1) -> Check:
    """A string of a length."""

    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield at("must be a string", path)
        elif len(value) < shortest:
            yield at(f"must be more than {shortest - 1} characters", path)
        elif len(value) > longest:
            yield at(f"must be less than {longest + 1} characters", path)

    return checked


def boolean(value: Any, path: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield at("must be a boolean", path)


def integer(value: Any, path: str) -> Iterator[str]:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield at("must be an integer", path)


def anything(value: Any, path: str) -> Iterator[str]:
    """Whatever it is, it is checked elsewhere."""
    del value, path
    return iter(())


def choice(*allowed: str) -> Check:
    """One of a few words."""

    def checked(value: Any, path: str) -> Iterator[str]:
        if value not in allowed:
            yield at(f"must be a valid enum value: {', '.join(allowed)}", path)

    return checked


def array(of: Check, longest: int, shortest: int = 1) -> Check:
    """A list of a length, each item checked."""

    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield at("must be an array", path)
            return
        items = cast("list[Any]", value)
        if len(items) < shortest:
            yield at(f"must have at least {shortest} items", path)
        if len(items) > longest:
            yield at(f"no more than {longest} items allowed", path)
        yield from chain.from_iterable(of(item, f"{path}/{position}") for position, item in enumerate(items))

    return checked


def mapping(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these fields and no others."""
    known = {**optional, **required, "type": anything}

    def checked(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at("must be an object", path)
            return
        fields = cast("Json", value)
        yield from (at(f"missing required field: {name}", path) for name in required if name not in fields)
        for name, inner in fields.items():
            if name in known:
                yield from known[name](inner, f"{path}/{name}")
            else:
                yield at(f"invalid additional property: {name}", path)

    return checked


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` decides how it is checked."""

    def checked(value: Any, path: str) -> Iterator[str]:
        kind: object = cast("Json", value).get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            yield at("missing required field: type", path)
        elif kind in kinds:
            yield from kinds[kind](value, path)
        elif kind in UNDRAWN:
            yield at(f"the playground cannot draw {kind}, though Slack can", f"{path}/type")
        else:
            yield at(f"unsupported type: {kind}", f"{path}/type")

    return checked
