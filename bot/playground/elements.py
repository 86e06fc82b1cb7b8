"""What may stand in a block: text, options, buttons, menus, entries, each within Slack's limits.

Limits are those of https://docs.slack.dev/reference/block-kit/block-elements and of the composition objects beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from bot.playground.checks import Check, array, at, boolean, choice, integer, mapping, string, typed
from bot.playground.wire import Json

# --- objects ---------------------------------------------------------------------------------------------------------


def plain_text(longest: int) -> Check:
    """A `plain_text` object."""
    return typed({"plain_text": mapping({"text": string(longest)}, {"emoji": boolean})})


def any_text(longest: int) -> Check:
    """A `mrkdwn` or `plain_text` object."""
    mrkdwn = mapping({"text": string(longest)}, {"verbatim": boolean})
    return typed({"mrkdwn": mrkdwn, "plain_text": mapping({"text": string(longest)}, {"emoji": boolean})})


def _option(text_of: Callable[[int], Check], *, url: bool = False) -> Check:
    required = {"text": text_of(75), "value": string(150)}
    return mapping(required, {"description": text_of(75), **({"url": string(3000)} if url else {})})


_ACTION_ID = string(255)
_CONFIRM = mapping(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": choice("primary", "danger")},
)
_DISPATCH = mapping(
    {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), longest=2)},
    {},
)

# --- buttons ---------------------------------------------------------------------------------------------------------

_BUTTON = mapping(
    {"text": plain_text(75)},
    {
        "action_id": _ACTION_ID,
        "url": string(3000),
        "value": string(2000),
        "style": choice("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
    },
)
_OVERFLOW = mapping(
    {"options": array(_option(plain_text, url=True), longest=5)},
    {"action_id": _ACTION_ID, "confirm": _CONFIRM},
)
_FEEDBACK_SIDE = mapping({"text": plain_text(75), "value": string(2000)}, {"accessibility_label": string(75)})
_FEEDBACK = mapping(
    {"positive_button": _FEEDBACK_SIDE, "negative_button": _FEEDBACK_SIDE},
    {"action_id": _ACTION_ID},
)
_ICON_BUTTON = mapping(
    {"icon": choice("trash"), "text": plain_text(75)},
    {
        "action_id": _ACTION_ID,
        "value": string(2000),
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
        "visible_to_user_ids": array(string(20), longest=100),
    },
)
IMAGE = mapping({"image_url": string(3000), "alt_text": string(2000)}, {})

# --- menus -----------------------------------------------------------------------------------------------------------


def _choosing(option: Check, longest: int, *, several: bool, **more: Check) -> Check:
    """Options to choose from; what is chosen at first must be among them."""
    starts = {"initial_options": array(option, longest)} if several else {"initial_option": option}
    inner = mapping(
        {"options": array(option, longest)},
        {"action_id": _ACTION_ID, "confirm": _CONFIRM, "focus_on_load": boolean, **starts, **more},
    )

    def checked(value: Any, path: str) -> Iterator[str]:
        problems = list(inner(value, path))
        yield from problems
        if not problems:
            fields = cast("Json", value)
            first = [fields["initial_option"]] if "initial_option" in fields else fields.get("initial_options", ())
            for one in first:
                if one not in fields["options"]:
                    yield at("initial option must match one of the options", path)

    return checked


_PLACEHOLDER = {"placeholder": plain_text(150)}
_PICKED: Mapping[str, Check] = {
    **_PLACEHOLDER,
    "action_id": _ACTION_ID,
    "confirm": _CONFIRM,
    "focus_on_load": boolean,
}
_FILTER = mapping(
    {},
    {
        "include": array(choice("im", "mpim", "private", "public"), longest=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
_CHOICES: Mapping[str, Check] = {
    "static_select": _choosing(_option(plain_text), 100, several=False, **_PLACEHOLDER),
    "radio_buttons": _choosing(_option(any_text), 10, several=False),
    "checkboxes": _choosing(_option(any_text), 10, several=True),
    "users_select": mapping({}, {**_PICKED, "initial_user": string(20)}),
    "conversations_select": mapping({}, {**_PICKED, "initial_conversation": string(20), "filter": _FILTER}),
}
_SEVERAL: Mapping[str, Check] = {
    "multi_static_select": _choosing(
        _option(plain_text), 100, several=True, max_selected_items=integer, **_PLACEHOLDER
    ),
}

# --- entries ---------------------------------------------------------------------------------------------------------

_TYPED: Mapping[str, Check] = {
    **_PLACEHOLDER,
    "action_id": _ACTION_ID,
    "focus_on_load": boolean,
    "dispatch_action_config": _DISPATCH,
}
_ENTRY = mapping(
    {},
    {
        **_TYPED,
        "initial_value": string(3000, shortest=0),
        "multiline": boolean,
        "min_length": integer,
        "max_length": integer,
    },
)
_NUMBER_TEXT = string(30)
_NUMBER = mapping(
    {"is_decimal_allowed": boolean},
    {**_TYPED, "initial_value": _NUMBER_TEXT, "min_value": _NUMBER_TEXT, "max_value": _NUMBER_TEXT},
)

# --- where each may stand --------------------------------------------------------------------------------------------

IN_ACTIONS: Mapping[str, Check] = {"button": _BUTTON, "overflow": _OVERFLOW, **_CHOICES}
IN_SECTIONS: Mapping[str, Check] = {**IN_ACTIONS, **_SEVERAL, "image": IMAGE}
IN_CONTEXT_ACTIONS: Mapping[str, Check] = {"feedback_buttons": _FEEDBACK, "icon_button": _ICON_BUTTON}
IN_INPUTS: Mapping[str, Check] = {**_CHOICES, **_SEVERAL, "plain_text_input": _ENTRY, "number_input": _NUMBER}
