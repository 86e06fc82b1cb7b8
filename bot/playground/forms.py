"""Forms: what their elements start with, what people put in, and what Slack would not send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from bot.playground.wire import Json
from bot.playground.workspace import Workspace

Given: TypeAlias = str | Sequence[str]
"""What a person puts into one element: words, an option's value, a name; or several values."""

HOLDS: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
}
"""Where an element's state stands, and what it starts with."""
SEVERAL = ("multi_static_select", "checkboxes")
FILTERED = {"channel": "public", "private": "private", "im": "im"}


def elements(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Each block with each element of it that sends something."""
    for block in blocks:
        beside = (block[place] for place in ("accessory", "element") if place in block)
        for element in (*block.get("elements", ()), *beside):
            if "action_id" in element:
                yield block, element


def element(blocks: Iterable[Json], action_id: str) -> tuple[Json, Json]:
    """The block and the element called `action_id`; raises `LookupError` for none."""
    for block, found in elements(blocks):
        if found["action_id"] == action_id:
            return block, found
    raise LookupError(f"nothing here sends {action_id!r}")


# --- state -----------------------------------------------------------------------------------------------------------


def initial(blocks: Iterable[Json]) -> Json:
    """The state before anybody touched it, by `block_id` and `action_id`."""
    state: Json = {}
    for block, found in elements(blocks):
        if found["type"] in HOLDS:
            held, starts = HOLDS[found["type"]]
            nothing: list[Json] | None = [] if found["type"] in SEVERAL else None
            entry: Json = {"type": found["type"], held: found.get(starts) or nothing}
            state.setdefault(block["block_id"], {})[found["action_id"]] = entry
    return state


def kept(blocks: Iterable[Json], before: Json) -> Json:
    """The state of a view that has been updated: what a person put in stays where block, element and kind stay."""
    state = initial(blocks)
    for block_id, entries in state.items():
        for action_id, entry in entries.items():
            old = before.get(block_id, {}).get(action_id)
            if old and old["type"] == entry["type"]:
                entries[action_id] = old
    return state


def filled(blocks: Sequence[Json], state: Json, values: Mapping[str, Given], workspace: Workspace) -> Json:
    """The state with `values` put in, by `action_id`; raises `LookupError` for what cannot be put in."""
    state = {block_id: dict(entries) for block_id, entries in state.items()}
    for action_id, given in values.items():
        block, found = element(blocks, action_id)
        if found["type"] not in HOLDS:
            raise LookupError(f"{action_id!r} holds nothing")
        state.setdefault(block["block_id"], {})[action_id] = entry_of(found, given, workspace)
    return state


def refuse_incomplete(blocks: Iterable[Json], state: Json) -> None:
    """Raise `LookupError` where Slack keeps a form back: an entry is missing, too short, too long, no number."""
    for block in blocks:
        if block["type"] == "input":
            found = block["element"]
            given = state[block["block_id"]][found["action_id"]][HOLDS[found["type"]][0]]
            if not given and not block.get("optional", False):
                raise LookupError(f"{found['action_id']!r} must be filled in")
            if given:
                _refuse_misfit(found, given)


def _refuse_misfit(found: Json, given: str) -> None:
    name = found["action_id"]
    fits = found.get("min_length", 0) <= len(given) <= found.get("max_length", 3000)
    if found["type"] == "plain_text_input" and not fits:
        raise LookupError(f"{name!r} is too short or too long")
    if found["type"] == "number_input":
        number = _number(given, name)
        if number % 1 and not found["is_decimal_allowed"]:
            raise LookupError(f"{name!r} takes whole numbers")
        if "min_value" in found and number < Decimal(found["min_value"]):
            raise LookupError(f"{name!r} is too small")
        if "max_value" in found and number > Decimal(found["max_value"]):
            raise LookupError(f"{name!r} is too large")


def _number(given: str, name: str) -> Decimal:
    try:
        number = Decimal(given)
    except InvalidOperation:
        raise LookupError(f"{name!r} takes a number") from None
    if not number.is_finite():
        raise LookupError(f"{name!r} takes a number")
    return number


# --- entries ---------------------------------------------------------------------------------------------------------


def entry_of(found: Json, given: Given, workspace: Workspace) -> Json:
    """What an element holds once `given` was put in; raises `LookupError` for what is not on offer."""
    kind = found["type"]
    held = HOLDS[kind][0]
    if kind in SEVERAL:
        wanted = [given] if isinstance(given, str) else list(given)
        return {"type": kind, held: _options(found, [value for value in wanted if value])}
    if not isinstance(given, str):
        raise LookupError(f"{found['action_id']!r} takes one value")  # noqa: TRY004  # one kind of error for every misfit
    if kind in ("static_select", "radio_buttons"):
        return {"type": kind, held: option(found, given) if given else None}
    if kind == "users_select":
        return {"type": kind, held: workspace.person(given).id if given else None}
    if kind == "conversations_select":
        return {"type": kind, held: _conversation(found, given, workspace) if given else None}
    return {"type": kind, held: given or None}


def option(found: Json, value: str) -> Json:
    """One of an element's options by its value; raises `LookupError` for another."""
    for offered in found["options"]:
        if offered.get("value") == value:
            return offered
    raise LookupError(f"no option {value!r}")


def _options(found: Json, values: Sequence[str]) -> list[Json]:
    if len(values) > found.get("max_selected_items", len(values)):
        raise LookupError(f"{found['action_id']!r} takes fewer options")
    return [option(found, value) for value in values]


def _conversation(found: Json, name: str, workspace: Workspace) -> str:
    room = workspace.room(name)
    wanted: Sequence[str] = found.get("filter", {}).get("include", ())
    if wanted and FILTERED[room.channel.kind] not in wanted:
        raise LookupError(f"{name!r} is not offered here")
    return room.id
