"""`views.*`: modals, one on top of another, and the Home tab."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.playground import blocks
from bot.playground.arguments import Arguments
from bot.playground.forms import initial, kept
from bot.playground.refusals import Refusal
from bot.playground.triggers import Triggers
from bot.playground.wire import Json
from bot.playground.workspace import View, Workspace

LARGEST_VIEW = 250 * 1024
MOST_VIEWS = 3
"""How many modals may lie on top of each other."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Everything that is not a message."""

    workspace: Workspace
    triggers: Triggers

    def open_view(self, given: Arguments) -> Json:
        """`views.open`: the trigger lives three seconds and opens one modal."""
        shown, owner = self._triggered(given)
        view = fresh(self.workspace, owner, shown)
        self.workspace.show_modal(view)
        return {"view": view_shape(self.workspace, view)}

    def push_view(self, given: Arguments) -> Json:
        """`views.push`: onto the modal that its owner has open, three deep at most."""
        shown, owner = self._triggered(given)
        stack = self.workspace.stack(owner)
        if not stack:
            raise Refusal("not_found")
        if len(stack) >= MOST_VIEWS:
            raise Refusal("push_limit_reached")
        view = pushed(self.workspace, stack[-1], shown)
        self.workspace.push_modal(view)
        return {"view": view_shape(self.workspace, view)}

    def _triggered(self, given: Arguments) -> tuple[Json, str]:
        """The view, and whose screen it opens on."""
        if not given.optional_text("trigger_id"):
            raise Refusal("invalid_arguments", "missing required field: trigger_id")
        shown = _checked(given, "modal")
        self._refuse_taken(shown)
        return shown, self.triggers.exchange(given.text("trigger_id"))

    def _refuse_taken(self, shown: Json) -> None:
        """An `external_id` names one view only."""
        external_id = shown.get("external_id")
        if external_id and any(view.view.get("external_id") == external_id for view in self.workspace.modals.values()):
            raise Refusal("duplicate_external_id")

    def update_view(self, given: Arguments) -> Json:
        """`views.update`: by `view_id` or `external_id`; what was put in stays where the element stays."""
        standing = self._standing(given)
        if given.optional_text("hash") and given.text("hash") != standing.hash:
            raise Refusal("hash_conflict")
        view = renewed(self.workspace, standing, _checked(given, "modal"))
        self.workspace.show_modal(view)
        return {"view": view_shape(self.workspace, view)}

    def _standing(self, given: Arguments) -> View:
        view_id, external_id = given.optional_text("view_id"), given.optional_text("external_id")
        for view in self.workspace.modals.values():
            if view.id == view_id or (external_id and view.view.get("external_id") == external_id):
                return view
        raise Refusal("not_found")

    def publish(self, given: Arguments) -> Json:
        """`views.publish`."""
        owner = given.text("user_id")
        if owner not in self.workspace.people:
            raise Refusal("user_not_found")
        standing = self.workspace.homes.get(owner)
        if standing and given.optional_text("hash") and given.text("hash") != standing.hash:
            raise Refusal("hash_conflict")
        shown = _checked(given, "home")
        view = renewed(self.workspace, standing, shown) if standing else fresh(self.workspace, owner, shown)
        self.workspace.publish_home(view)
        return {"view": view_shape(self.workspace, view)}


def _checked(given: Arguments, kind: str) -> Json:
    view = given.mapping("view") or {}
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise Refusal("view_too_large")
    problems = blocks.check_view(view, "home" if kind == "home" else "modal")
    if problems:
        raise Refusal("invalid_arguments", *problems)
    return view


# --- views as they stand ---------------------------------------------------------------------------------------------


def fresh(workspace: Workspace, owner: str, shown: Json) -> View:
    """A view that nobody has touched; `shown` has passed `check_view`."""
    named = _named(workspace, shown)
    view_id = workspace.ids.view()
    return View(view_id, owner, named, _hash(workspace), values=initial(named["blocks"]), root_id=view_id)


def pushed(workspace: Workspace, below: View, shown: Json) -> View:
    """A view on top of another."""
    return replace(fresh(workspace, below.owner, shown), previous_id=below.id, root_id=below.root_id)


def renewed(workspace: Workspace, view: View, shown: Json) -> View:
    """The same view with other content, and with what a person has put in so far."""
    named = _named(workspace, shown)
    values = kept(named["blocks"], view.values)
    return replace(view, view=named, hash=_hash(workspace), values=values, errors={})


def _named(workspace: Workspace, shown: Json) -> Json:
    return {**shown, "blocks": list(blocks.with_ids(shown["blocks"], workspace.ids))}


def _hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock())}.{workspace.token(4)}"


def view_shape(workspace: Workspace, view: View) -> Json:
    """A view as Slack sends it to the bot."""
    cast = workspace.cast
    return {
        "id": view.id,
        "team_id": cast.team_id,
        "type": view.view["type"],
        "blocks": view.view["blocks"],
        "private_metadata": view.view.get("private_metadata", ""),
        "callback_id": view.view.get("callback_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "title": view.view.get("title"),
        "clear_on_close": view.view.get("clear_on_close", False),
        "notify_on_close": view.view.get("notify_on_close", False),
        "close": view.view.get("close"),
        "submit": view.view.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id or view.id,
        "app_id": cast.app_id,
        "external_id": view.view.get("external_id", ""),
        "app_installed_team_id": cast.team_id,
        "bot_id": cast.bot_id,
    }
