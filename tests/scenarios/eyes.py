"""What each person was ever shown, and to whom each outgoing call spoke: nothing restricted may be in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from bot.playground import Message, Playground


@dataclass
class Eyes:
    """Watches the playground from its opening on."""

    slack: Playground
    seen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By the id of a person: messages and views as Slack got them, as JSON."""
    members: dict[str, list[tuple[float, frozenset[str]]]] = field(default_factory=lambda: defaultdict(list))
    """By the id of a conversation: who was in it from which moment on."""

    @classmethod
    def of(cls, slack: Playground) -> Eyes:
        """Eyes that are open."""
        eyes = cls(slack)
        for room in slack.workspace.rooms.values():
            eyes.members[room.id].append((0.0, frozenset(room.members)))
        slack.workspace.watchers.append(eyes.watch)
        return eyes

    def watch(self, change: Any) -> None:
        """Note what of our bot's words changed on whose screen."""
        workspace, bot = self.slack.workspace, self.slack.bot_user_id
        message = change.of
        if isinstance(message, Message) and message.user == bot and change.kind == "message":
            alone = message.ephemeral_to
            people = [self.slack.id_of(alone)] if alone else workspace.rooms[message.channel].members
            self._note(people, [message.text, message.blocks])
        elif change.kind == "members":
            self.members[change.of.id].append((workspace.clock(), frozenset(change.of.members)))
        elif change.kind in ("view", "home"):
            self._note([change.of.owner], change.of.view)
        elif change.kind == "prompts":
            self._note(change.of.members, workspace.prompts[change.of.id])

    def _note(self, people: Collection[str], what: object) -> None:
        words = json.dumps(what, ensure_ascii=False)
        for person in people:
            self.seen[person].append(words)

    def saw(self, person: str, words: str) -> bool:
        """Whether any message or view that this person was shown held these words."""
        return any(words in shown for shown in self.seen[self.slack.id_of(person)])

    def must_not_leak(self, words: str, *, to: Collection[str]) -> None:
        """Fail when anybody but these people was shown the words, or a call to anybody else held them."""
        allowed = {self.slack.id_of(person) for person in to} | {self.slack.bot_user_id}
        for person, shown in self.seen.items():
            assert person in allowed or not any(words in one for one in shown), f"{person} was shown {words!r}"
        for call in self.slack.calls:
            if words in json.dumps(call.arguments, ensure_ascii=False):
                assert self._spoken_to(call.arguments, call.at) <= allowed, f"{call.method} told too many {words!r}"

    def _spoken_to(self, arguments: dict[str, Any], at: float) -> set[str]:
        """Who hears a call of that moment; nobody knows it of one that names neither a person nor a place."""
        person = arguments.get("user") or arguments.get("user_id")
        place = arguments.get("channel") or arguments.get("channel_id")
        if person:
            return {str(person)}
        if place:
            return set(next(there for since, there in reversed(self.members[str(place)]) if since <= at))
        view = self.slack.workspace.modals.get(str(arguments.get("view_id")))
        return {view.owner} if view else set()
