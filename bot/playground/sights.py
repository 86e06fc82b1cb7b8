"""What there is to see in the playground."""

from __future__ import annotations

from bot.playground.messages import Message
from bot.playground.workspace import Session, View, Workspace


class Sights:
    """Snapshots: what they return does not change any more."""

    workspace: Workspace

    def messages(self, channel: str) -> list[Message]:
        """What stands in a conversation itself, oldest first, lines for one person only among them."""
        room = self.workspace.room(channel)
        alone = [message for message in room.ephemeral.values() if message.thread_ts is None]
        return sorted((*room.roots(), *alone), key=_by_time)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread from its root on, lines for one person only among them."""
        room = self.workspace.room(channel)
        root = room.messages.get(ts)
        alone = [message for message in room.ephemeral.values() if message.thread_ts == ts]
        return sorted((*([root] if root else []), *room.replies(ts), *alone), key=_by_time)

    def status(self, channel: str, ts: str) -> str | None:
        """The bot's "is thinking" line in a thread, while it shows."""
        status = self.workspace.status(self.workspace.room(channel).id, ts)
        return status.text if status else None

    def session(self, channel: str, ts: str) -> Session | None:
        """The agent session of a thread, once the bot has made one: its `status` and `title`."""
        return self.workspace.sessions.get((self.workspace.room(channel).id, ts))

    def modal(self, person: str) -> View | None:
        """The modal that somebody sees, the topmost one."""
        owner = self.workspace.person(person).id
        return next(iter(self.workspace.stack(owner)[::-1]), None)

    def home(self, person: str) -> View | None:
        """Somebody's Home tab, once the bot has published one."""
        return self.workspace.homes.get(self.workspace.person(person).id)

    def id_of(self, name: str) -> str:
        """Slack's id of a person or a conversation, by the name that tests use."""
        try:
            return self.workspace.person(name).id
        except KeyError:
            return self.workspace.room(name).id


def _by_time(message: Message) -> float:
    return float(message.ts)
