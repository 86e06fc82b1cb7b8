"""`views.*` and `assistant.threads.*`: modals, the Home tab, and the bot's "is thinking" line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.playground import blocks
from bot.playground.arguments import Arguments
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.triggers import Triggers
from bot.playground.wire import Json, is_timestamp
from bot.playground.workspace import Room, View, Workspace

LARGEST_VIEW = 250 * 1024
LONGEST_TITLE = 255
MOST_PROMPTS = 4
MOST_LOADING_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Everything that is not a message."""

    workspace: Workspace
    rooms: Rooms
    triggers: Triggers

    # --- views ------------------------------------------------------------------------------------------------------

    def open_view(self, given: Arguments) -> Json:
        """`views.open`: the trigger lives three seconds and opens one modal."""
        if not given.optional_text("trigger_id"):
            raise Refusal("invalid_arguments", "missing required field: trigger_id")
        view = self._checked(given, "modal")
        owner = self.triggers.exchange(given.text("trigger_id"))
        return {"view": self._show(View(self.workspace.ids.view(), owner, view, self._hash()))}

    def update_view(self, given: Arguments) -> Json:
        """`views.update`."""
        standing = self.workspace.modals.get(given.text("view_id"))
        if standing is None:
            raise Refusal("not_found")
        if given.optional_text("hash") and given.text("hash") != standing.hash:
            raise Refusal("hash_conflict")
        return {"view": self._show(replace(standing, view=self._checked(given, "modal"), hash=self._hash(), errors={}))}

    def publish(self, given: Arguments) -> Json:
        """`views.publish`."""
        if given.text("user_id") not in self.workspace.people:
            raise Refusal("user_not_found")
        standing = self.workspace.homes.get(given.text("user_id"))
        if standing and given.optional_text("hash") and given.text("hash") != standing.hash:
            raise Refusal("hash_conflict")
        view_id = standing.id if standing else self.workspace.ids.view()
        view = View(view_id, given.text("user_id"), self._checked(given, "home"), self._hash())
        self.workspace.publish_home(view)
        return {"view": view_shape(self.workspace, view)}

    def _show(self, view: View) -> Json:
        self.workspace.show_modal(view)
        return view_shape(self.workspace, view)

    def _checked(self, given: Arguments, kind: str) -> Json:
        view = given.mapping("view") or {}
        if len(json.dumps(view)) > LARGEST_VIEW:
            raise Refusal("view_too_large")
        problems = blocks.check_view(view, "home" if kind == "home" else "modal")
        if problems:
            raise Refusal("invalid_arguments", *problems)
        return {**view, "blocks": list(blocks.with_ids(view["blocks"], self.workspace.ids))}

    def _hash(self) -> str:
        return f"{int(self.workspace.clock())}.{self.workspace.token(4)}"

    # --- assistant threads ------------------------------------------------------------------------------------------

    def set_status(self, given: Arguments) -> Json:
        """`assistant.threads.setStatus`."""
        room, thread_ts = self._thread(given)
        if any(given.optional_text(name) for name in ("username", "icon_emoji", "icon_url")):
            self.rooms.need("chat:write.customize")
        loading = given.items("loading_messages") or []
        if len(loading) > MOST_LOADING_MESSAGES or not all(isinstance(line, str) for line in loading):
            raise Refusal("invalid_arguments", "must be at most 10 strings [json-pointer:/loading_messages]")
        self.workspace.set_status(room, thread_ts, given.text("status"), loading)
        return {}

    def set_title(self, given: Arguments) -> Json:
        """`assistant.threads.setTitle`."""
        room, thread_ts = self._thread(given)
        self.workspace.titles[room.id, thread_ts] = given.text("title")[:LONGEST_TITLE]
        return {}

    def _thread(self, given: Arguments) -> tuple[Room, str]:
        room = self.rooms.visible(given.text("channel_id"))
        if not self.rooms.is_in(room):
            raise Refusal("channel_not_found")
        thread_ts = given.text("thread_ts")
        root = room.messages.get(thread_ts) if is_timestamp(thread_ts) else None
        if root is None or root.thread_ts is not None:
            raise Refusal("invalid_thread_ts")
        return room, thread_ts

    def suggest(self, given: Arguments) -> Json:
        """`assistant.threads.setSuggestedPrompts`."""
        room = self.rooms.visible(given.text("channel_id"))
        if room.channel.kind != "im":
            raise Refusal("channel_not_found")
        prompts = given.items("prompts") or []
        if len(prompts) > MOST_PROMPTS:
            raise Refusal("invalid_arguments", "no more than 4 items allowed [json-pointer:/prompts]")
        for position, prompt in enumerate(prompts):
            if not _is_prompt(prompt):
                where = f"[json-pointer:/prompts/{position}]"
                raise Refusal("invalid_arguments", f"must have a title and a message {where}")
        self.workspace.suggest(room, prompts)
        return {}


def view_shape(workspace: Workspace, view: View, values: Json | None = None) -> Json:
    """A view as Slack sends it to the bot."""
    cast = workspace.cast
    return {
        "id": view.id,
        "team_id": cast.team_id,
        "type": view.view["type"],
        "blocks": view.view["blocks"],
        "private_metadata": view.view.get("private_metadata", ""),
        "callback_id": view.view.get("callback_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "title": view.view.get("title"),
        "clear_on_close": view.view.get("clear_on_close", False),
        "notify_on_close": view.view.get("notify_on_close", False),
        "close": view.view.get("close"),
        "submit": view.view.get("submit"),
        "previous_view_id": None,
        "root_view_id": view.id,
        "app_id": cast.app_id,
        "external_id": view.view.get("external_id", ""),
        "app_installed_team_id": cast.team_id,
        "bot_id": cast.bot_id,
    }


def _is_prompt(prompt: object) -> bool:
    if not isinstance(prompt, dict):
        return False
    return all(isinstance(prompt.get(name), str) and prompt[name] for name in ("title", "message"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]  # a JSON object of any shape
