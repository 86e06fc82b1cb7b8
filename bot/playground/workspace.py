"""What is true in the playground: who is where, and what stands in each conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.playground.cast import BOT, ROBOTS, Cast, Channel, Person, Usergroup
from bot.playground.composing import Composer
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.rendering import Rendering
from bot.playground.standing import Change, Room, Session, SessionStatus, Status, View
from bot.playground.wire import Clock, Ids, Json, Timestamps, Token

__all__ = ["Change", "Room", "Session", "SessionStatus", "Status", "View", "Workspace"]

STATUS_LASTS = 120.0
"""Seconds after which Slack takes an assistant's status away when no message came."""


class Workspace:
    """The state, and the one place that changes it. Everything is synchronous: no reader sees half a change."""

    def __init__(self, cast: Cast, *, clock: Clock, token: Token) -> None:
        self.cast = cast
        self.clock = clock
        self.token = token
        self.ids = Ids(token)
        self.timestamps = Timestamps(clock)
        self.people = {person.id: person for person in cast.everyone}
        self.rooms = {room.id: room for room in map(self._room, (*cast.channels, *cast.direct_messages()))}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.modals: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.prompts: dict[str, tuple[Json, ...]] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.looking: dict[str, str] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.watchers: list[Callable[[Change], None]] = []
        self.rendering = Rendering(Directory(self))

    def _room(self, channel: Channel) -> Room:
        return Room(channel, [self.person(name).id for name in channel.members])

    def announce(self, change: Change) -> None:
        """Tell everybody who watches."""
        for watcher in tuple(self.watchers):
            watcher(change)

    # --- finding ----------------------------------------------------------------------------------------------------

    def person(self, key: str) -> Person:
        """A person by name or id; raises `KeyError` for nobody."""
        if key == BOT:
            return self.cast.bot
        if key in self.people:
            return self.people[key]
        for person in self.people.values():
            if person.name == key.lstrip("@"):
                return person
        raise KeyError(f"nobody in the playground is called {key!r}")

    def known(self, user_id: str) -> Person | None:
        """Anybody with an id, Slackbot and other apps' bots among them."""
        return self.people.get(user_id) or next((robot for robot in ROBOTS if robot.id == user_id), None)

    def room(self, key: str) -> Room:
        """A conversation by name or id; raises `KeyError` for none."""
        if key in self.rooms:
            return self.rooms[key]
        for room in self.rooms.values():
            if room.channel.name == key.lstrip("#"):
                return room
        raise KeyError(f"the playground has no conversation {key!r}")

    def direct_message(self, user_id: str) -> Room | None:
        """The direct message between a person and the bot."""
        for room in self.rooms.values():
            if room.channel.kind == "im" and user_id in room.members:
                return room
        return None

    def usergroup(self, group_id: str) -> Usergroup | None:
        """A user group by id."""
        return next((group for group in self.cast.usergroups if group.id == group_id), None)

    def composer(self) -> Composer:
        """What may be typed after `@` and `#`, by name and by display name."""
        people = {BOT: self.cast.bot.id} | {person.name: person.id for person in self.people.values()}
        people |= {person.real_name.lower().replace(" ", "."): person.id for person in self.people.values()}
        rooms = {room.channel.name: room.id for room in self.rooms.values() if room.channel.kind != "im"}
        return Composer({name.lower(): key for name, key in people.items()}, rooms)

    def author_name(self, user_id: str) -> str:
        """The name by which tests know somebody."""
        person = self.known(user_id)
        return BOT if user_id == self.cast.bot.id or person is None else person.name

    # --- messages ---------------------------------------------------------------------------------------------------

    def thread_root(self, room: Room, thread_ts: str | None) -> Message | None:
        """The message a reply hangs on; raises the refusal that a wrong `thread_ts` earns."""
        if thread_ts is None:
            return None
        root = room.messages.get(thread_ts)
        if root is None:
            raise Refusal("thread_not_found")
        if root.thread_ts is not None:
            raise Refusal("cannot_reply_to_message")
        return root

    def post(self, message: Message) -> Message:
        """Put a message where it belongs; the bot's own words end its status in that thread."""
        room = self.rooms[message.channel]
        shown = self._drawn(message)
        room.put(shown)
        if shown.user == self.cast.bot.id:
            self.clear_status(room.id, shown.root_ts)
        self.announce(Change("message", shown))
        return shown

    def change(self, message: Message, **changes: object) -> Message:
        """Replace a message by a changed one."""
        room = self.rooms[message.channel]
        shown = self._drawn(replace(message, **changes))  # pyright: ignore[reportArgumentType]  # names are the caller's
        if shown.visible_text != message.visible_text:
            shown = replace(shown, earlier=(*message.earlier, message.visible_text))
        room.put(shown)
        self.announce(Change("message", shown, before=message))
        return shown

    def remove(self, message: Message) -> None:
        """Take a message away; a root with replies leaves a tombstone, as in Slack."""
        room = self.rooms[message.channel]
        if message.ephemeral_to is None and room.replies(message.ts):
            words = "This message was deleted."
            self.change(message, text=words, blocks=(), tombstone=True, metadata=None, reactions=())
            return
        room.take(message)
        self.announce(Change("gone", message))

    def _drawn(self, message: Message) -> Message:
        nodes = self.rendering.message(message.text, message.blocks)
        for attachment in message.attachments:
            nodes += self.rendering.message(str(attachment.get("text") or attachment.get("fallback") or ""), ())
        return replace(message, nodes=nodes)

    # --- everything else --------------------------------------------------------------------------------------------

    def set_status(self, room: Room, thread_ts: str, text: str, loading_messages: Sequence[str]) -> None:
        """Show the bot's status in a thread for two minutes at most; an empty one takes it away."""
        if not text:
            self.clear_status(room.id, thread_ts)
            return
        self.statuses[room.id, thread_ts] = Status(text, tuple(loading_messages), self.clock() + STATUS_LASTS)
        self.announce(Change("status", (room.id, thread_ts)))

    def clear_status(self, channel: str, thread_ts: str) -> None:
        """Take the bot's status in a thread away."""
        if self.statuses.pop((channel, thread_ts), None):
            self.announce(Change("status", (channel, thread_ts)))

    def status(self, channel: str, thread_ts: str) -> Status | None:
        """The status that is showing now."""
        status = self.statuses.get((channel, thread_ts))
        return status if status and status.until > self.clock() else None

    def set_session(self, channel: str, thread_ts: str, session: Session) -> None:
        """Let a session be as given."""
        self.sessions[channel, thread_ts] = session
        self.announce(Change("session", (channel, thread_ts)))

    def add_member(self, room: Room, person: Person) -> None:
        """Let somebody into a conversation."""
        if person.id not in room.members:
            room.members.append(person.id)
            self.announce(Change("members", room))

    def remove_member(self, room: Room, person: Person) -> None:
        """Take somebody out of a conversation."""
        if person.id in room.members:
            room.members.remove(person.id)
            self.announce(Change("members", room))

    def show_modal(self, view: View) -> None:
        """Show a modal anew, or open one on its owner's screen in place of what is open."""
        if view.id not in self.modals:
            self.modals = {key: old for key, old in self.modals.items() if old.owner != view.owner}
        self.modals[view.id] = view
        self.announce(Change("view", view))

    def stack(self, owner: str) -> list[View]:
        """Somebody's modals, the lowest first."""
        return [view for view in self.modals.values() if view.owner == owner]

    def push_modal(self, view: View) -> None:
        """Open a modal on top of the one that its owner has open."""
        self.modals[view.id] = view
        self.announce(Change("view", view))

    def put_in(self, view: View, values: Json) -> View:
        """Note what a person has put into a view; nothing is redrawn for it."""
        changed = replace(view, values=values)
        if view.id in self.modals:
            self.modals[view.id] = changed
        elif self.homes.get(view.owner, changed).id == view.id:
            self.homes[view.owner] = changed
        return changed

    def close_modal(self, view: View) -> None:
        """Close a modal and whatever lies on it; the one underneath shows again."""
        if view.id in self.modals:
            stack = self.stack(view.owner)
            for closed in stack[[standing.id for standing in stack].index(view.id) :]:
                del self.modals[closed.id]
            self.announce(Change("view", view))

    def close_modals(self, owner: str) -> None:
        """Close all that somebody has open."""
        for view in self.stack(owner)[:1]:
            self.close_modal(view)

    def publish_home(self, view: View) -> None:
        """Show somebody's Home tab."""
        self.homes[view.owner] = view
        self.announce(Change("home", view))

    def suggest(self, room: Room, prompts: Iterable[Json]) -> None:
        """Pin suggested prompts to a direct message."""
        self.prompts[room.id] = tuple(prompts)
        self.announce(Change("prompts", room))


@dataclass(frozen=True, slots=True)
class Directory:
    """Names for the ids in a message."""

    workspace: Workspace

    def person(self, user_id: str) -> str | None:
        """Display name of a person."""
        person = self.workspace.known(user_id)
        return person.real_name if person else None

    def room(self, channel_id: str) -> str | None:
        """Name of a channel."""
        room = self.workspace.rooms.get(channel_id)
        return room.channel.name if room else None

    def usergroup(self, group_id: str) -> str | None:
        """Handle of a user group."""
        group = self.workspace.usergroup(group_id)
        return group.handle if group else None
