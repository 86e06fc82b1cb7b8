"""Clicks, and what the bot sends back for them: `block_actions`, `view_submission`, `response_url`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.playground.arguments import Arguments
from bot.playground.blocks import check_view, with_ids
from bot.playground.cast import Person
from bot.playground.content import content
from bot.playground.delivery import Deliveries, NotAcknowledged
from bot.playground.messages import Message
from bot.playground.place import Place
from bot.playground.refusals import Refusal
from bot.playground.shapes import Shapes
from bot.playground.surfaces import view_shape
from bot.playground.triggers import Triggers
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, View, Workspace

RESPONSE_URL_LASTS = 30 * 60.0
RESPONSE_URL_USES = 5


@dataclass(slots=True)
class ResponseUrl:
    """A bot's right to answer a click: five times within half an hour."""

    message: Message
    clicker: Person
    until: float
    uses: int = RESPONSE_URL_USES


@dataclass(frozen=True, slots=True)
class Interactions:
    """What people do with buttons, menus and forms."""

    workspace: Workspace
    shapes: Shapes
    deliveries: Deliveries
    triggers: Triggers
    place: Place
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict[str, ResponseUrl])

    # --- clicks -----------------------------------------------------------------------------------------------------

    async def click(self, person: Person, message: Message, action_id: str, *, value: str | None = None) -> None:
        """Press a button, choose an option, rate an answer. Raises `LookupError` for what is not there."""
        block, element = _element(message.blocks, action_id)
        if message.ephemeral_to not in (None, person.name):
            raise LookupError("that message is somebody else's")
        action = {
            **_chosen(element, value),
            "action_id": action_id,
            "block_id": block["block_id"],
            "action_ts": self.workspace.timestamps.next(),
        }
        room = self.workspace.rooms[message.channel]
        await self._deliver({**self._head(person), **self._place(room, message, person), "actions": [action]})

    async def click_in_view(self, view: View, action_id: str, *, value: str | None = None) -> None:
        """Press a button in a modal or in the Home tab."""
        block, element = _element(view.view["blocks"], action_id)
        action = {
            **_chosen(element, value),
            "action_id": action_id,
            "block_id": block["block_id"],
            "action_ts": self.workspace.timestamps.next(),
        }
        person = self.workspace.person(view.owner)
        container = {"type": "view", "view_id": view.id}
        shape = view_shape(self.workspace, view)
        await self._deliver({**self._head(person), "container": container, "view": shape, "actions": [action]})

    async def _deliver(self, payload: Json) -> None:
        payload["type"] = "block_actions"
        try:
            await self.deliveries.interact(payload)
        except NotAcknowledged:
            words = "Footnote did not react to that click."
            self.workspace.announce(Change("trouble", (payload["user"]["id"], words)))

    def _head(self, person: Person) -> Json:
        cast_ = self.workspace.cast
        return {
            "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": cast_.team_id},
            "api_app_id": cast_.app_id,
            "token": "playground-verification-token",
            "trigger_id": self.triggers.issue(person.id),
            "team": {"id": cast_.team_id, "domain": cast_.team_name.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
            "state": {"values": {}},
        }

    def _place(self, room: Room, message: Message, person: Person) -> Json:
        ephemeral = message.ephemeral_to is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": room.id,
            "is_ephemeral": ephemeral,
            **({"thread_ts": message.root_ts} if message.thread_ts else {}),
        }
        name = {"channel": room.channel.name, "private": "privategroup", "im": "directmessage"}[room.channel.kind]
        return {
            "container": container,
            "channel": {"id": room.id, "name": name},
            **({} if ephemeral else {"message": self.shapes.message(message, metadata=True)}),
            "response_url": self._response_url(message, person),
        }

    # --- forms ------------------------------------------------------------------------------------------------------

    async def submit(self, view: View, values: Mapping[str, str]) -> None:
        """Send a form. `values` are by `action_id`; the bot's answer shows errors, or another view, or closes it."""
        person = self.workspace.person(view.owner)
        state: Json = {}
        for block in view.view["blocks"]:
            if block["type"] == "input":
                action_id = block["element"]["action_id"]
                entry = {"type": "plain_text_input", "value": values.get(action_id) or None}
                state[block["block_id"]] = {action_id: entry}
        payload = {**self._head(person), "type": "view_submission", "view": view_shape(self.workspace, view, state)}
        try:
            answer = await self.deliveries.interact({**payload, "response_urls": []})
        except NotAcknowledged:
            words = {"": "We had some trouble connecting. Try again?"}
            self.workspace.show_modal(replace(view, errors=words))
            return
        self._react_to_submission(view, answer or {})

    def _react_to_submission(self, view: View, answer: Json) -> None:
        action = answer.get("response_action")
        if action == "errors":
            self.workspace.show_modal(replace(view, errors=cast("dict[str, str]", answer.get("errors") or {})))
        elif action in ("update", "push") and not check_view(answer.get("view"), "modal"):
            shown: Json = {**answer["view"], "blocks": list(with_ids(answer["view"]["blocks"], self.workspace.ids))}
            self.workspace.show_modal(replace(view, view=shown, errors={}))
        else:
            self.workspace.close_modal(view)

    async def dismiss(self, view: View) -> None:
        """Close a form without sending it."""
        self.workspace.close_modal(view)
        if view.view.get("notify_on_close"):
            person = self.workspace.person(view.owner)
            payload = {**self._head(person), "type": "view_closed", "view": view_shape(self.workspace, view)}
            self.deliveries.spawn(self._tell({**payload, "is_cleared": False}))

    async def _tell(self, payload: Json) -> None:
        try:
            await self.deliveries.interact(payload)
        except NotAcknowledged:
            return

    # --- response_url -----------------------------------------------------------------------------------------------

    def _response_url(self, message: Message, clicker: Person) -> str:
        key = self.workspace.token(12)
        self.response_urls[key] = ResponseUrl(message, clicker, self.workspace.clock() + RESPONSE_URL_LASTS)
        return f"{self.place.url}respond/{key}"

    def respond(self, key: str, given: Json) -> None:
        """What the bot POSTed to a response URL; raises the refusal that an old, used or made-up one earns."""
        right = self.response_urls.get(key)
        if right is None:
            raise Refusal("invalid_url", status=404)
        if self.workspace.clock() > right.until:
            raise Refusal("expired_url", status=404)
        if right.uses <= 0:
            raise Refusal("used_url", status=404)
        right.uses -= 1
        if given.get("delete_original"):
            self.workspace.remove(right.message)
            return
        body = content(Arguments(given), self.workspace.ids)
        if given.get("replace_original"):
            right.message = self.workspace.change(right.message, text=body.text, blocks=body.blocks)
            return
        self._answer(right, given, body.text, body.blocks)

    def _answer(self, right: ResponseUrl, given: Json, text: str, blocks: tuple[Json, ...]) -> None:
        bot = self.workspace.cast.bot
        room = self.workspace.rooms[right.message.channel]
        root = self.workspace.thread_root(room, given.get("thread_ts"))
        public = given.get("response_type") == "in_channel"
        message = Message(
            room.id,
            self.workspace.timestamps.next(),
            bot.id,
            self.workspace.author_name(bot.id),
            text,
            blocks,
            thread_ts=root.ts if root else None,
            ephemeral_to=None if public else right.clicker.name,
        )
        self.workspace.post(message)


def _element(blocks: Any, action_id: str) -> tuple[Json, Json]:
    """The block and the element that a click is on."""
    for block in blocks:
        for element in (*block.get("elements", ()), *((block["accessory"],) if "accessory" in block else ())):
            if element.get("action_id") == action_id:
                return block, element
    raise LookupError(f"nothing here sends {action_id!r}")


def _chosen(element: Json, value: str | None) -> Json:
    """What a click on `element` sends; `value` picks among several."""
    kind = element["type"]
    if kind == "feedback_buttons":
        for side in (element["positive_button"], element["negative_button"]):
            if side["value"] == value:
                return {"type": kind, "value": value, "text": side["text"]}
        raise LookupError(f"no feedback {value!r}")
    if kind in ("overflow", "static_select"):
        option = next((option for option in element["options"] if option["value"] == value), None)
        if option is None:
            raise LookupError(f"no option {value!r}")
        return {"type": kind, "selected_option": option}
    return {"type": kind, **{name: element[name] for name in ("text", "value", "style") if name in element}}
