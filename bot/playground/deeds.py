"""What people do in the playground: write, edit, come and go, press buttons, fill in forms."""

from __future__ import annotations

from bot.playground.cast import Person
from bot.playground.events import Events
from bot.playground.interactions import Interactions
from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.workspace import Room, View, Workspace


class Deeds:
    """People and conversations are named as in the cast (`ana`, `general`, `dm-ana`), or by id.

    Every deed raises `LookupError` for somebody or something that is not there, and `PermissionError` for a person who
    is not in the conversation.
    """

    def __init__(self, workspace: Workspace, events: Events, interactions: Interactions) -> None:
        self.workspace = workspace
        self._events = events
        self._interactions = interactions

    # --- writing ----------------------------------------------------------------------------------------------------

    async def say(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Write as a person; `<@bot>`, `@Footnote` and `<#general>` become real mentions. Returns the timestamp."""
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
        )
        return self.workspace.post(message).ts

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

    # --- pressing ---------------------------------------------------------------------------------------------------

    async def click(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
    ) -> None:
        """Press a button; `value` picks an option of a menu, or a side of the feedback buttons."""
        who, room = self._present(person, channel)
        message = room.messages.get(ts) or room.ephemeral.get(ts)
        if message is None:
            raise LookupError("that message is gone")
        await self._interactions.click(who, message, action_id, value=value)

    async def click_in_view(self, view_id: str, action_id: str, *, value: str | None = None) -> None:
        """Press a button of a modal or the Home tab."""
        await self._interactions.click_in_view(self._view(view_id), action_id, value=value)

    async def submit(self, view_id: str, values: dict[str, str]) -> None:
        """Send a form, its entries by `action_id`."""
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
