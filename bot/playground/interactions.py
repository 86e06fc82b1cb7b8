"""Clicks and forms, and what the bot answers to them: `block_actions`, `view_submission`, `view_closed`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from bot.playground.blocks import check_view
from bot.playground.cast import Person
from bot.playground.delivery import Deliveries, NotAcknowledged
from bot.playground.forms import HOLDS, Given, element, entry_of, filled, initial, option, refuse_incomplete
from bot.playground.messages import Message
from bot.playground.response_urls import ResponseUrls
from bot.playground.shapes import Shapes
from bot.playground.surfaces import MOST_VIEWS, pushed, renewed, view_shape
from bot.playground.triggers import Triggers
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, View, Workspace

NO_CONNECTION = {"": "We had some trouble connecting. Try again?"}


@dataclass(frozen=True, slots=True)
class Interactions:
    """What people do with buttons, menus and forms."""

    workspace: Workspace
    shapes: Shapes
    deliveries: Deliveries
    triggers: Triggers
    response_urls: ResponseUrls

    # --- clicks -----------------------------------------------------------------------------------------------------

    async def click(self, person: Person, message: Message, action_id: str, *, value: Given | None = None) -> None:
        """Press a button, choose an option, rate an answer. Raises `LookupError` for what is not there."""
        block, found = element(message.blocks, action_id)
        if message.ephemeral_to not in (None, person.name):
            raise LookupError("that message is somebody else's")
        if person.id not in found.get("visible_to_user_ids", (person.id,)):
            raise LookupError(f"{action_id!r} is for somebody else")
        state = initial(message.blocks)
        action = self._action(block, found, value, state)
        room = self.workspace.rooms[message.channel]
        await self._deliver(
            {
                **head(self.workspace, self.triggers, person),
                **self._place(room, message, person),
                "state": {"values": state},
                "actions": [action],
            },
        )

    async def click_in_view(
        self,
        view: View,
        action_id: str,
        *,
        value: Given | None = None,
        values: Mapping[str, Given] | None = None,
    ) -> None:
        """Press a button in a modal or in the Home tab; `values` is what was put into its form before."""
        blocks = view.view["blocks"]
        block, found = element(blocks, action_id)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise LookupError(f"{action_id!r} sends nothing by itself")
        state = filled(blocks, view.values, values or {}, self.workspace)
        action = self._action(block, found, value, state)
        shown = self.workspace.put_in(view, state)
        person = self.workspace.person(view.owner)
        container = {"type": "view", "view_id": view.id}
        said = head(self.workspace, self.triggers, person)
        shape = view_shape(self.workspace, shown)
        await self._deliver({**said, "container": container, "view": shape, "actions": [action]})

    def _action(self, block: Json, found: Json, value: Given | None, state: Json) -> Json:
        """What was pressed or chosen; a choice goes into `state` too."""
        if found["type"] in ("static_select", "radio_buttons") and not value:
            raise LookupError(f"{found['action_id']!r} wants an option")
        if found["type"] in HOLDS:
            chosen = entry_of(found, value or "", self.workspace)
            state.setdefault(block["block_id"], {})[found["action_id"]] = chosen
        else:
            chosen = _pressed(found, value)
        return {
            **chosen,
            "action_id": found["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.workspace.timestamps.next(),
        }

    async def _deliver(self, payload: Json) -> None:
        payload["type"] = "block_actions"
        try:
            await self.deliveries.interact(payload)
        except NotAcknowledged:
            words = "Footnote did not react to that click."
            self.workspace.announce(Change("trouble", (payload["user"]["id"], words)))

    def _place(self, room: Room, message: Message, person: Person) -> Json:
        ephemeral = message.ephemeral_to is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": room.id,
            "is_ephemeral": ephemeral,
            **({"thread_ts": message.root_ts} if message.thread_ts else {}),
        }
        return {
            "container": container,
            "channel": {"id": room.id, "name": channel_name(room)},
            **({} if ephemeral else {"message": self.shapes.message(message, metadata=True)}),
            "response_url": self.response_urls.issue(room, person, message),
        }

    # --- forms ------------------------------------------------------------------------------------------------------

    async def submit(self, view: View, values: Mapping[str, Given]) -> None:
        """Send a form. `values` are by `action_id`; the bot's answer shows errors, or another view, or closes it.

        Raises `LookupError` where Slack would not send it: something required is missing, or does not fit.
        """
        blocks = view.view["blocks"]
        if not view.view.get("submit"):
            raise LookupError("there is nothing to send")
        state = filled(blocks, view.values, values, self.workspace)
        refuse_incomplete(blocks, state)
        shown = self.workspace.put_in(replace(view, errors={}), state)
        said = head(self.workspace, self.triggers, self.workspace.person(view.owner))
        payload: Json = {**said, "type": "view_submission", "view": view_shape(self.workspace, shown)}
        try:
            answer = await self.deliveries.interact({**payload, "response_urls": []})
        except NotAcknowledged:
            self.workspace.show_modal(replace(shown, errors=NO_CONNECTION))
            return
        self._react_to_submission(self.workspace.modals.get(view.id, shown), answer or {})

    def _react_to_submission(self, view: View, answer: Json) -> None:
        action = answer.get("response_action")
        if action == "errors":
            self._show_errors(view, cast("dict[str, str]", answer.get("errors") or {}))
        elif action in ("update", "push"):
            self._show_next(view, answer.get("view"), push=action == "push")
        elif action == "clear":
            self.workspace.close_modals(view.owner)
        elif action is None:
            self.workspace.close_modal(view)
        else:
            self.workspace.show_modal(replace(view, errors=NO_CONNECTION))

    def _show_errors(self, view: View, errors: dict[str, str]) -> None:
        """Only an entry can be wrong: words for any other block, or for none, are a broken answer."""
        entries = {block["block_id"] for block in view.view["blocks"] if block["type"] == "input"}
        known = bool(errors) and errors.keys() <= entries
        self.workspace.show_modal(replace(view, errors=errors if known else NO_CONNECTION))

    def _show_next(self, view: View, shown: Json | None, *, push: bool) -> None:
        depth = len(self.workspace.stack(view.owner))
        if check_view(shown, "modal") or shown is None or (push and depth >= MOST_VIEWS):
            self.workspace.show_modal(replace(view, errors=NO_CONNECTION))
        elif push:
            self.workspace.push_modal(pushed(self.workspace, view, shown))
        else:
            self.workspace.show_modal(renewed(self.workspace, view, shown))

    async def dismiss(self, view: View) -> None:
        """Close a form without sending it; what it was pushed onto shows again, unless it clears everything."""
        cleared = bool(view.view.get("clear_on_close"))
        closed = self.workspace.stack(view.owner)[::-1] if cleared else [view]
        for one in closed:
            self.workspace.close_modal(one)
            if one.view.get("notify_on_close"):
                said = head(self.workspace, self.triggers, self.workspace.person(one.owner))
                shape = view_shape(self.workspace, one)
                self.deliveries.spawn(
                    self._tell({**said, "type": "view_closed", "view": shape, "is_cleared": cleared}),
                )

    async def _tell(self, payload: Json) -> None:
        try:
            await self.deliveries.interact(payload)
        except NotAcknowledged:
            return


def head(workspace: Workspace, triggers: Triggers, person: Person) -> Json:
    """What every interaction says: who did it, where, for which app, and the right to open a modal."""
    team = workspace.cast
    return {
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": team.team_id},
        "api_app_id": team.app_id,
        "token": "playground-verification-token",
        "trigger_id": triggers.issue(person.id),
        "team": {"id": team.team_id, "domain": team.team_name.lower()},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_name(room: Room) -> str:
    """A conversation's name as interactions and commands give it: only public ones are named."""
    return {"channel": room.channel.name, "private": "privategroup", "im": "directmessage"}[room.channel.kind]


def _pressed(found: Json, value: Given | None) -> Json:
    """What a click on an element without a state sends; `value` picks among several."""
    kind = found["type"]
    if kind == "feedback_buttons":
        for side in (found["positive_button"], found["negative_button"]):
            if side["value"] == value:
                return {"type": kind, "value": value, "text": side["text"]}
        raise LookupError(f"no feedback {value!r}")
    if kind == "overflow":
        return {"type": kind, "selected_option": option(found, str(value))}
    return {"type": kind, **{name: found[name] for name in ("text", "value", "style") if name in found}}
