"""What people do in the playground: write, edit, come and go, press buttons, fill in forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.playground.agent import STOPPABLE
from bot.playground.cast import Person
from bot.playground.events import Events
from bot.playground.forms import Given
from bot.playground.interactions import Interactions
from bot.playground.invocations import Acked, Invocations
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.streams import settled
from bot.playground.wire import Json
from bot.playground.workspace import Room, View, Workspace


class Deeds:
    """People and conversations are named as in the cast (`ana`, `general`, `dm-ana`), or by id.

    Every deed raises `LookupError` for somebody or something that is not there, and `PermissionError` for a person who
    is not in the conversation.
    """

    def __init__(
        self,
        workspace: Workspace,
        events: Events,
        interactions: Interactions,
        invocations: Invocations,
    ) -> None:
        self.workspace = workspace
        self._events = events
        self._interactions = interactions
        self._invocations = invocations

    # --- writing ----------------------------------------------------------------------------------------------------

    async def say(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        file: str | None = None,
    ) -> str:
        """Write as a person; `<@bot>`, `@Footnote` and `<#general>` become real mentions. Returns the timestamp.

        `broadcast` also sends a reply to the channel, `file` is the name of a file that comes with the message.
        """
        author, room = self._present(person, channel)
        try:
            root = self.workspace.thread_root(room, thread_ts)
        except Refusal as refusal:
            raise LookupError(refusal.code) from None
        composed = self.workspace.composer().compose(text)
        message = Message(
            room.id,
            self.workspace.timestamps.next(),
            author.id,
            author.name,
            composed.text,
            ({**composed.blocks[0], "block_id": self.workspace.ids.block()},),
            thread_ts=root.ts if root else None,
            client_msg_id=self.workspace.ids.unique(),
            broadcast=broadcast and root is not None,
            subtype="file_share" if file else None,
            files=(self._file(file, author),) if file else (),
        )
        return self.workspace.post(message).ts

    def _file(self, name: str, author: Person) -> Json:
        file_id = "F" + self.workspace.token(5).upper()
        return {"id": file_id, "name": name, "title": name, "user": author.id, "mode": "hosted"}

    async def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        """Change a message of one's own."""
        message = self._own(person, channel, ts)
        composed = self.workspace.composer().compose(text)
        block = {**composed.blocks[0], "block_id": message.blocks[0]["block_id"]}
        edited = self.workspace.timestamps.next()
        self.workspace.change(message, text=composed.text, blocks=(block,), edited_ts=edited)

    async def delete(self, person: str, channel: str, ts: str) -> None:
        """Take back a message of one's own."""
        self.workspace.remove(self._own(person, channel, ts))

    # --- coming and going -------------------------------------------------------------------------------------------

    async def join(self, person: str, channel: str) -> None:
        """Come into a conversation; also for the bot."""
        room, who = self.workspace.room(channel), self.workspace.person(person)
        self.workspace.add_member(room, who)
        self._events.joined(room, who)

    async def leave(self, person: str, channel: str) -> None:
        """Leave a conversation; also for the bot."""
        room, who = self.workspace.room(channel), self.workspace.person(person)
        self.workspace.remove_member(room, who)
        self._events.left(room, who)

    def open_home(self, person: str, tab: str = "home") -> None:
        """Open the bot's Home tab, or its Messages tab."""
        self._events.home_opened(self.workspace.person(person), "home" if tab == "home" else "messages")

    async def look_at(self, person: str, channel: str | None) -> None:
        """Look at a conversation with the bot's pane beside it; None is to look at none."""
        if channel is None:
            who = self.workspace.person(person)
            self.workspace.looking.pop(who.id, None)
        else:
            who, room = self._present(person, channel)
            self.workspace.looking[who.id] = room.id
        self._events.context_changed(who)

    # --- asking by name ---------------------------------------------------------------------------------------------

    async def command(self, person: str, channel: str, command: str, text: str = "") -> Acked:
        """Type a slash command where its answer is to stand, never in a thread: Slack offers none there."""
        who, room = self._present(person, channel)
        return await self._invocations.command(who, room, command, text)

    async def message_shortcut(self, person: str, channel: str, ts: str, callback_id: str) -> None:
        """Choose a shortcut from the menu of a message, also of one in a thread."""
        who, room = self._present(person, channel)
        message = room.messages.get(ts)
        if message is None or message.tombstone:
            raise LookupError("that message is gone")
        await self._invocations.message_shortcut(who, message, callback_id)

    async def global_shortcut(self, person: str, callback_id: str) -> None:
        """Choose a shortcut from Slack's own menu."""
        await self._invocations.global_shortcut(self.workspace.person(person), callback_id)

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def stop(self, person: str, channel: str, thread_ts: str) -> None:
        """Press Stop beside a session at work: Slack ends its streams and tells the bot, which does the rest."""
        who, room = self._present(person, channel)
        session = self.workspace.sessions.get((room.id, thread_ts))
        if session is None or session.status != "processing" or STOPPABLE not in self.workspace.cast.events:
            raise LookupError("there is nothing to stop")
        bot = self.workspace.cast.bot.id
        thread = [settled(self.workspace, message) for message in room.replies(thread_ts) if message.user == bot]
        streams = [message for message in thread if message.is_streaming]
        for message in streams:
            self.workspace.change(message, streaming_since=None, stopped_by=who.name)
        self._events.session_stopped(room, who, thread_ts, [message.ts for message in streams])

    async def rename_session(self, person: str, channel: str, thread_ts: str, title: str) -> None:
        """Give a session another title."""
        who, room = self._present(person, channel)
        session = self.workspace.sessions.get((room.id, thread_ts))
        if session is None:
            raise LookupError("there is no session")
        self.workspace.set_session(room.id, thread_ts, replace(session, title=title))
        self._events.session_renamed(room, who, thread_ts, before=session.title, title=title)

    # --- pressing ---------------------------------------------------------------------------------------------------

    async def click(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: Given | None = None,
    ) -> None:
        """Press a button; `value` picks options of a menu, or a side of the feedback buttons."""
        who, room = self._present(person, channel)
        message = room.messages.get(ts) or room.ephemeral.get(ts)
        if message is None:
            raise LookupError("that message is gone")
        await self._interactions.click(who, message, action_id, value=value)

    async def click_in_view(
        self,
        view_id: str,
        action_id: str,
        *,
        value: Given | None = None,
        values: Mapping[str, Given] | None = None,
    ) -> None:
        """Press a button of a modal or the Home tab, with `values` put into its form before."""
        await self._interactions.click_in_view(self._view(view_id), action_id, value=value, values=values)

    async def submit(self, view_id: str, values: Mapping[str, Given]) -> None:
        """Send a form, its entries by `action_id`: words, an option's value, a name, or several of them.

        What is not given stays as it is. Raises `LookupError` where Slack would not send it.
        """
        await self._interactions.submit(self._view(view_id), values)

    async def dismiss(self, view_id: str) -> None:
        """Close a form."""
        await self._interactions.dismiss(self._view(view_id))

    # --- who and where ----------------------------------------------------------------------------------------------

    def _present(self, person: str, channel: str) -> tuple[Person, Room]:
        who, room = self.workspace.person(person), self.workspace.room(channel)
        if who.id not in room.members:
            raise PermissionError(f"{who.name} is not in {room.channel.name}")
        return who, room

    def _own(self, person: str, channel: str, ts: str) -> Message:
        who, room = self._present(person, channel)
        message = room.messages.get(ts)
        if message is None or message.user != who.id:
            raise LookupError("that message is gone, or somebody else's")
        return message

    def _view(self, view_id: str) -> View:
        homes = {view.id: view for view in self.workspace.homes.values()}
        found = self.workspace.modals.get(view_id) or homes.get(view_id)
        if found is None:
            raise LookupError("that view is closed")
        return found
