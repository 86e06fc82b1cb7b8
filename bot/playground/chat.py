"""`chat.*` and `reactions.*`: posting, editing, deleting."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.playground.arguments import Arguments
from bot.playground.content import LONGEST_UPDATE, content, metadata
from bot.playground.messages import Message, Reaction
from bot.playground.place import Place
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.streams import settled
from bot.playground.wire import Json, is_timestamp
from bot.playground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages, as the bot writes them."""

    workspace: Workspace
    rooms: Rooms
    shapes: Shapes
    place: Place

    def post(self, given: Arguments) -> Json:
        """`chat.postMessage`."""
        room = self.rooms.writable(given.text("channel"), by_name=True)
        self._refuse_disguise(given)
        body = content(given, self.workspace.ids)
        thread_ts = self.rooms.thread(room, given.optional_text("thread_ts"))
        message = self.workspace.post(
            replace(
                self._blank(room.id, body.text),
                blocks=body.blocks,
                attachments=body.attachments,
                thread_ts=thread_ts,
                metadata=metadata(given) or None,
                broadcast=thread_ts is not None and given.flag("reply_broadcast"),
                username=given.optional_text("username"),
            ),
        )
        return {"channel": room.id, "ts": message.ts, "message": self.shapes.message(message, metadata=True)}

    def _blank(self, channel: str, text: str) -> Message:
        bot = self.workspace.cast.bot
        author = self.workspace.author_name(bot.id)
        return Message(channel, self.workspace.timestamps.next(), bot.id, author, text)

    def _refuse_disguise(self, given: Arguments) -> None:
        """Another name or icon needs its own scope."""
        if any(given.optional_text(name) for name in ("username", "icon_emoji", "icon_url")):
            self.rooms.need("chat:write.customize")

    def post_ephemeral(self, given: Arguments) -> Json:
        """`chat.postEphemeral`: one person sees it, in a thread only when somebody has already replied there."""
        room = self.rooms.writable(given.text("channel"), by_name=True)
        self._refuse_disguise(given)
        user = given.text("user")
        if user not in room.members:
            raise Refusal("user_not_in_channel")
        body = content(given, self.workspace.ids)
        thread_ts = self.rooms.thread(room, given.optional_text("thread_ts"))
        message = replace(
            self._blank(room.id, body.text),
            blocks=body.blocks,
            attachments=body.attachments,
            thread_ts=thread_ts,
            ephemeral_to=self.workspace.author_name(user),
        )
        if thread_ts is None or room.replies(thread_ts):
            self.workspace.post(message)
        return {"message_ts": message.ts}

    def update(self, given: Arguments) -> Json:
        """`chat.update`: text without blocks removes the blocks; metadata stays unless it is given."""
        room = self.rooms.writable(given.text("channel"))
        message = settled(self.workspace, self.rooms.own(room, given.text("ts"), refusal="cant_update_message"))
        if message.is_streaming:
            raise Refusal("streaming_state_conflict")
        if len(given.text("text")) > LONGEST_UPDATE:
            raise Refusal("msg_too_long")
        described = metadata(given)
        if any(given.values.get(name) for name in ("text", "blocks", "attachments", "markdown_text")):
            body = content(given, self.workspace.ids)
            edited = self.workspace.timestamps.next() if given.text("text") and not body.blocks else message.edited_ts
        elif described is not None:
            body, edited = message, message.edited_ts
        else:
            raise Refusal("no_text")
        changed = self.workspace.change(
            message,
            text=body.text or message.text,
            blocks=body.blocks,
            attachments=body.attachments,
            edited_ts=edited,
            metadata=message.metadata if described is None else described or None,
        )
        answer = self.shapes.message(changed, metadata=True)
        return {"channel": room.id, "ts": changed.ts, "text": changed.text, "message": answer}

    def delete(self, given: Arguments) -> Json:
        """`chat.delete`."""
        room = self.rooms.writable(given.text("channel"))
        message = self.rooms.own(room, given.text("ts"), refusal="cant_delete_message")
        self.workspace.remove(message)
        return {"channel": room.id, "ts": message.ts}

    def permalink(self, given: Arguments) -> Json:
        """`chat.getPermalink`: an address that the playground's own page opens."""
        room = self.rooms.visible(given.text("channel"))
        message = room.messages.get(given.text("message_ts"))
        if message is None:
            raise Refusal("message_not_found")
        address = f"{self.place.url}archives/{room.id}/p{message.ts.replace('.', '')}"
        query = f"?thread_ts={message.thread_ts}&cid={room.id}" if message.thread_ts else ""
        return {"channel": room.id, "permalink": address + query}

    def react(self, given: Arguments) -> Json:
        """`reactions.add`."""
        message, name, bot = self._reacted(given)
        for reaction in message.reactions:
            if reaction.name == name and bot in reaction.users:
                raise Refusal("already_reacted")
        others = [reaction for reaction in message.reactions if reaction.name != name]
        users = next((reaction.users for reaction in message.reactions if reaction.name == name), ())
        self.workspace.change(message, reactions=(*others, Reaction(name, (*users, bot))))
        return {}

    def unreact(self, given: Arguments) -> Json:
        """`reactions.remove`."""
        message, name, bot = self._reacted(given)
        if not any(reaction.name == name and bot in reaction.users for reaction in message.reactions):
            raise Refusal("no_reaction")
        kept = [r if r.name != name else replace(r, users=_without(r.users, bot)) for r in message.reactions]
        self.workspace.change(message, reactions=tuple(reaction for reaction in kept if reaction.users))
        return {}

    def _reacted(self, given: Arguments) -> tuple[Message, str, str]:
        room = self.rooms.writable(given.text("channel"))
        if not is_timestamp(given.text("timestamp")):
            raise Refusal("bad_timestamp")
        message = room.messages.get(given.text("timestamp"))
        if message is None:
            raise Refusal("message_not_found")
        name = given.text("name").strip(":")
        if not name or not all(letter.isalnum() or letter in "_-+'" for letter in name):
            raise Refusal("invalid_name")
        return message, name, self.workspace.cast.bot.id


def _without(users: tuple[str, ...], user: str) -> tuple[str, ...]:
    return tuple(other for other in users if other != user)
