"""Block Kit's elements as nodes: what can be pressed, chosen, ticked or filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.playground.mrkdwn import Mrkdwn
from bot.playground.nodes import Attribute, Node, plain
from bot.playground.wire import Json

ENTRIES: Mapping[str, str] = {
    "plain_text_input": "text",
    "rich_text_input": "text",
    "number_input": "number",
    "email_text_input": "email",
    "url_text_input": "url",
}
"""What is typed into a field, and what kind of field that is."""
PICKERS: Mapping[str, str] = {"datepicker": "date", "timepicker": "time", "datetimepicker": "datetime"}
INITIAL = {"date": "initial_date", "time": "initial_time", "datetime": "initial_date_time"}
LOOKS: Mapping[str, str] = {"radio_buttons": "radio", "checkboxes": "checks", "overflow": "overflow"}
SOURCES: Mapping[str, str] = {
    "users_select": "users",
    "conversations_select": "conversations",
    "channels_select": "channels",
    "external_select": "external",
}
"""Where the options of a menu come from when the bot does not list them."""
EXTRAS = ("style", "url", "value", "icon")


def image(value: Json) -> Node:
    """An image, shown by its alternative text: the playground fetches nothing."""
    return Node("image", value["alt_text"], attributes={"url": value.get("image_url", "")})


def control(element: Json, block_id: str, mrkdwn: Mrkdwn) -> Node:
    """An element; `block_id` and `action_id` say what using it sends."""
    kind = element["type"]
    attributes: dict[str, Attribute] = {"block_id": block_id, "action_id": element["action_id"]}
    attributes |= _confirmation(element.get("confirm"), mrkdwn)
    if kind == "feedback_buttons":
        sides = tuple(_side(element[f"{side}_button"], side) for side in ("positive", "negative"))
        return Node("feedback", children=sides, attributes=attributes)
    if kind in ENTRIES:
        return Node("input", attributes=attributes | _entry(element))
    if kind in PICKERS:
        return Node("select", attributes=attributes | _picker(element))
    if kind in ("button", "icon_button", "workflow_button"):
        return Node("button", element["text"]["text"], attributes=attributes | _button(element))
    return _choosing(element, attributes, mrkdwn)


def field(block: Json, mrkdwn: Mrkdwn) -> Node:
    """An input block: a label over an element, a hint under it."""
    element = control(block["element"], block["block_id"], mrkdwn)
    attributes: dict[str, Attribute] = {
        "field_label": block["label"]["text"],
        "optional": block.get("optional", False),
        "dispatch": block.get("dispatch_action", False),
        **({"hint": block["hint"]["text"]} if block.get("hint") else {}),
    }
    return Node("input", children=(element,), attributes={**attributes, "block_id": block["block_id"]})


# --- buttons ---------------------------------------------------------------------------------------------------------


def _button(element: Json) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {extra: element[extra] for extra in EXTRAS if extra in element}
    if element.get("accessibility_label"):
        attributes["label"] = element["accessibility_label"]
    if element.get("visible_to_user_ids"):
        attributes["visible_to"] = " ".join(element["visible_to_user_ids"])
    return attributes


def _side(button: Json, side: str) -> Node:
    label = button.get("accessibility_label", button["text"]["text"])
    return Node("button", button["text"]["text"], attributes={"value": button["value"], "label": label, "side": side})


def _confirmation(confirm: Json | None, mrkdwn: Mrkdwn) -> dict[str, Attribute]:
    """What is asked before the element acts."""
    if not confirm:
        return {}
    words: Json = confirm["text"]
    asked = plain(mrkdwn.block(words["text"])) if words["type"] == "mrkdwn" else words["text"]
    return {
        "confirm_title": confirm["title"]["text"],
        "confirm_text": asked,
        "confirm_yes": confirm["confirm"]["text"],
        "confirm_no": confirm["deny"]["text"],
        "confirm_style": confirm.get("style", "primary"),
    }


# --- typing and picking ----------------------------------------------------------------------------------------------


def _entry(element: Json) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {
        "entry": ENTRIES[element["type"]],
        "multiline": element.get("multiline", element["type"] == "rich_text_input"),
        "value": _initial_words(element.get("initial_value", "")),
        "longest": element.get("max_length", 3000),
        "shortest": element.get("min_length", 0),
        "placeholder": _words(element.get("placeholder")),
        "focus": element.get("focus_on_load", False),
    }
    if element["type"] == "number_input":
        attributes["step"] = "any" if element.get("is_decimal_allowed") else "1"
        attributes |= {name: str(element[given]) for name, given in _BOUNDS if given in element}
    return attributes


_BOUNDS = (("least", "min_value"), ("most", "max_value"))


def _initial_words(value: str | Json) -> str:
    """The text of a field's first value; a rich text one is read for its words alone."""
    if isinstance(value, str):
        return value
    sections: Iterable[Json] = value.get("elements", ())
    return "\n".join("".join(str(leaf.get("text", "")) for leaf in part.get("elements", ())) for part in sections)


def _picker(element: Json) -> dict[str, Attribute]:
    look = PICKERS[element["type"]]
    initial = element.get(INITIAL[look], "")
    return {
        "look": look,
        "label": _words(element.get("placeholder")) or f"Choose a {look}",
        "value": str(initial),
        "focus": element.get("focus_on_load", False),
    }


# --- choosing --------------------------------------------------------------------------------------------------------


def _choosing(element: Json, attributes: dict[str, Attribute], mrkdwn: Mrkdwn) -> Node:
    kind = element["type"].removeprefix("multi_")
    if kind == "overflow":
        options = tuple(_option(option, mrkdwn) for option in element["options"])
        return Node("overflow", children=options, attributes={**attributes, "label": "More actions"})
    multiple = element["type"].startswith("multi_") or kind == "checkboxes"
    attributes |= {
        "look": LOOKS.get(kind, "menu"),
        "multiple": multiple,
        "source": SOURCES.get(kind, ""),
        "label": _words(element.get("placeholder")) or "Choose",
        "most": element.get("max_selected_items", 0),
        "focus": element.get("focus_on_load", False),
        "filter": " ".join(element.get("filter", {}).get("include", ())),
    }
    return Node("select", children=tuple(_options(element, mrkdwn)), attributes=attributes)


def _options(element: Json, mrkdwn: Mrkdwn) -> Iterator[Node]:
    """The options that the bot lists; of a menu of people or places only those chosen, which the page adds to."""
    chosen = set(_chosen(element))
    kind = element["type"].removeprefix("multi_")
    if kind in SOURCES and kind != "external_select":
        yield from (Node("option", attributes={"value": value, "chosen": True}) for value in sorted(chosen))
        return
    for option in element.get("options") or _initial_options(element):
        yield _option(option, mrkdwn, chosen=chosen)
    for group in element.get("option_groups") or ():
        for option in group["options"]:
            yield _option(option, mrkdwn, chosen=chosen, group=group["label"]["text"])


def _chosen(element: Json) -> Iterator[str]:
    """The values that are chosen from the start."""
    yield from (option["value"] for option in _initial_options(element))
    for name in ("user", "conversation", "channel"):
        yield from element.get(f"initial_{name}s", ())
        if element.get(f"initial_{name}"):
            yield element[f"initial_{name}"]


def _initial_options(element: Json) -> list[Json]:
    single = element.get("initial_option")
    return [*([single] if single else []), *element.get("initial_options", ())]


def _option(option: Json, mrkdwn: Mrkdwn, *, chosen: Iterable[str] = (), group: str = "") -> Node:
    words: Json = option["text"]
    attributes: dict[str, Attribute] = {"value": option["value"], "chosen": option["value"] in set(chosen)}
    attributes |= {"group": group} if group else {}
    attributes |= {"url": option["url"]} if option.get("url") else {}
    attributes |= {"description": _spoken(option["description"], mrkdwn)} if option.get("description") else {}
    return Node("option", _spoken(words, mrkdwn), attributes={k: v for k, v in attributes.items() if v is not False})


def _spoken(words: Json, mrkdwn: Mrkdwn) -> str:
    return plain(mrkdwn.block(words["text"])) if words["type"] == "mrkdwn" else str(words["text"])


def _words(value: Json | None) -> str:
    return str(value["text"]) if value else ""
