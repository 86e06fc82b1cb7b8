"""`response_url`: the bot's right to answer a click, a shortcut or a command, without a token."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.playground.arguments import Arguments
from bot.playground.cast import Person
from bot.playground.content import content
from bot.playground.messages import Message
from bot.playground.place import Place
from bot.playground.refusals import Refusal
from bot.playground.wire import Json
from bot.playground.workspace import Room, Workspace

LASTS = 30 * 60.0
USES = 5


@dataclass(slots=True)
class Right:
    """Five answers within half an hour, in one conversation; `original` is what `replace_original` replaces."""

    room: Room
    person: Person
    until: float
    original: Message | None = None
    uses: int = USES


@dataclass(frozen=True, slots=True)
class ResponseUrls:
    """Every such address of this run. They work where the bot is not a member too."""

    workspace: Workspace
    place: Place
    rights: dict[str, Right] = field(default_factory=dict[str, Right])

    def issue(self, room: Room, person: Person, original: Message | None = None) -> str:
        """A new address, for what `person` has just done."""
        key = self.workspace.token(12)
        self.rights[key] = Right(room, person, self.workspace.clock() + LASTS, original)
        return f"{self.place.url}respond/{key}"

    def respond(self, key: str, given: Json) -> None:
        """What the bot POSTed; raises the refusal that an old, used or made-up address earns."""
        right = self._right(key)
        original = self._standing(right.original)
        if given.get("delete_original"):
            if original:
                self.workspace.remove(original)
            return
        if given.get("replace_original") and original:
            body = content(Arguments(given), self.workspace.ids)
            self.workspace.change(original, text=body.text, blocks=body.blocks)
            return
        self.answer(right.room, right.person, given)

    def _right(self, key: str) -> Right:
        right = self.rights.get(key)
        if right is None:
            raise Refusal("invalid_url", status=404)
        if self.workspace.clock() > right.until:
            raise Refusal("expired_url", status=404)
        if right.uses <= 0:
            raise Refusal("used_url", status=404)
        right.uses -= 1
        return right

    def _standing(self, message: Message | None) -> Message | None:
        if message is None:
            return None
        room = self.workspace.rooms[message.channel]
        return room.messages.get(message.ts) or room.ephemeral.get(message.ts)

    def answer(self, room: Room, person: Person, given: Json) -> Message:
        """A new message: for `person` alone unless `response_type` is `in_channel`."""
        bot = self.workspace.cast.bot
        body = content(Arguments(given), self.workspace.ids)
        root = self.workspace.thread_root(room, given.get("thread_ts"))
        message = Message(
            room.id,
            self.workspace.timestamps.next(),
            bot.id,
            self.workspace.author_name(bot.id),
            body.text,
            body.blocks,
            thread_ts=root.ts if root else None,
            ephemeral_to=None if given.get("response_type") == "in_channel" else person.name,
        )
        return self.workspace.post(message)
