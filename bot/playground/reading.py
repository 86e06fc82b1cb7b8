"""`auth.test`, `conversations.*`, `users.*`, `usergroups.*`: what the bot can find out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.arguments import Arguments
from bot.playground.messages import Message
from bot.playground.paging import after, page
from bot.playground.place import Place
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.wire import Json
from bot.playground.workspace import Room, Workspace

MOST_MESSAGES = 999
MOST_ITEMS = 1000
TYPES = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
ROOM_TYPES = {"channel": "public_channel", "private": "private_channel", "im": "im"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The read side of the Web API."""

    workspace: Workspace
    rooms: Rooms
    shapes: Shapes
    place: Place

    def auth_test(self, given: Arguments) -> Json:
        """`auth.test`."""
        del given
        cast = self.workspace.cast
        return {
            "url": self.place.url,
            "team": cast.team_name,
            "user": cast.bot.name,
            "team_id": cast.team_id,
            "user_id": cast.bot.id,
            "bot_id": cast.bot_id,
            "is_enterprise_install": False,
        }

    def api_test(self, given: Arguments) -> Json:
        """`api.test`."""
        if given.optional_text("error"):
            raise Refusal(given.text("error"))
        return {"args": given.values}

    # --- conversations ----------------------------------------------------------------------------------------------

    def replies(self, given: Arguments) -> Json:
        """`conversations.replies`: a page of a thread, oldest first, its root at the head of every page."""
        room = self.rooms.readable(given.text("channel"), "history")
        message = room.messages.get(given.text("ts"))
        root = room.messages.get(message.root_ts) if message else None
        if root is None:
            raise Refusal("thread_not_found")
        replies = _between(room.replies(root.ts), given)
        shown, following = page(replies, cursor=given.text("cursor"), limit=_limit(given, MOST_ITEMS))
        messages = [self._message(message, given) for message in (root, *shown)]
        return {"messages": messages, "has_more": bool(following), **(after(following) if following else {})}

    def history(self, given: Arguments) -> Json:
        """`conversations.history`: a page of a conversation, newest first."""
        room = self.rooms.readable(given.text("channel"), "history")
        newest_first = _between(room.roots(), given)[::-1]
        shown, following = page(newest_first, cursor=given.text("cursor"), limit=_limit(given, 100))
        return {
            "messages": [self._message(message, given) for message in shown],
            "has_more": bool(following),
            "pin_count": 0,
            **(after(following) if following else {}),
        }

    def _message(self, message: Message, given: Arguments) -> Json:
        return self.shapes.message(message, metadata=given.flag("include_all_metadata"))

    def info(self, given: Arguments) -> Json:
        """`conversations.info`."""
        room = self.rooms.readable(given.text("channel"), "read")
        return {"channel": self.shapes.room(room, num_members=given.flag("include_num_members"))}

    def members(self, given: Arguments) -> Json:
        """`conversations.members`."""
        room = self.rooms.readable(given.text("channel"), "read")
        shown, following = page(room.members, cursor=given.text("cursor"), limit=_limit(given, 100))
        return {"members": list(shown), **after(following)}

    def conversations(self, given: Arguments) -> Json:
        """`conversations.list`: what the bot can see, public channels unless `types` says otherwise."""
        return self._listed(given, [room for room in self.workspace.rooms.values() if self._sees(room)])

    def conversations_of(self, given: Arguments) -> Json:
        """`users.conversations`: where the bot is, or where it and another are."""
        user = given.text("user") or self.workspace.cast.bot.id
        if self.workspace.known(user) is None:
            raise Refusal("user_not_found")
        rooms = [room for room in self.workspace.rooms.values() if self._sees(room) and user in room.members]
        return self._listed(given, rooms)

    def _sees(self, room: Room) -> bool:
        return room.channel.kind == "channel" or self.rooms.is_in(room)

    def _listed(self, given: Arguments, rooms: Sequence[Room]) -> Json:
        wanted = [word.strip() for word in (given.text("types") or "public_channel").split(",")]
        if any(word not in TYPES for word in wanted):
            raise Refusal("invalid_types")
        for word in wanted:
            self.rooms.need(TYPES[word])
        hidden = given.flag("exclude_archived")
        shown = [r for r in rooms if ROOM_TYPES[r.channel.kind] in wanted and not (hidden and r.channel.archived)]
        listed, following = page(shown, cursor=given.text("cursor"), limit=_limit(given, 100))
        return {"channels": [self.shapes.room(room, num_members=True) for room in listed], **after(following)}

    def open(self, given: Arguments) -> Json:
        """`conversations.open`: the direct message with one person."""
        if given.optional_text("channel"):
            room = self.rooms.visible(given.text("channel"))
        else:
            users = [user.strip() for user in given.text("users").split(",") if user.strip()]
            if not users:
                raise Refusal("users_list_not_supplied")
            if len(users) > 1:
                self.rooms.need("mpim:write")
                raise Refusal("not_enough_users", "the playground has direct messages between two only")
            if users[0] not in self.workspace.people:
                raise Refusal("user_not_found")
            found = self.workspace.direct_message(users[0])
            if found is None:
                raise Refusal("user_disabled")
            room = found
        whole = self.shapes.room(room) if given.flag("return_im") else {"id": room.id}
        return {"no_op": True, "already_open": True, "channel": whole}

    # --- people -----------------------------------------------------------------------------------------------------

    def user(self, given: Arguments) -> Json:
        """`users.info`."""
        person = self.workspace.known(given.text("user"))
        if person is None:
            raise Refusal("user_not_found")
        return {"user": self.shapes.person(person, email=self._emails)}

    def lookup(self, given: Arguments) -> Json:
        """`users.lookupByEmail`."""
        for person in self.workspace.people.values():
            if person.email and person.email == given.text("email").lower() and person.kind != "deactivated":
                return {"user": self.shapes.person(person, email=True)}
        raise Refusal("users_not_found")

    def users(self, given: Arguments) -> Json:
        """`users.list`."""
        people = list(self.workspace.people.values())
        shown, following = page(people, cursor=given.text("cursor"), limit=_limit(given, MOST_ITEMS))
        members = [self.shapes.person(person, email=self._emails) for person in shown]
        return {"members": members, "cache_ts": int(self.workspace.clock()), **after(following)}

    @property
    def _emails(self) -> bool:
        return "users:read.email" in self.rooms.scopes

    def usergroups(self, given: Arguments) -> Json:
        """`usergroups.list`."""
        users, count = given.flag("include_users"), given.flag("include_count")
        groups = [g for g in self.workspace.cast.usergroups if given.flag("include_disabled") or not g.disabled]
        return {"usergroups": [self.shapes.usergroup(group, users=users, count=count) for group in groups]}

    def usergroup_members(self, given: Arguments) -> Json:
        """`usergroups.users.list`."""
        group = self.workspace.usergroup(given.text("usergroup"))
        if group is None or (group.disabled and not given.flag("include_disabled")):
            raise Refusal("no_such_subteam")
        return {"users": [self.workspace.person(name).id for name in group.members]}


def _limit(given: Arguments, default: int) -> int:
    limit = given.number("limit", default)
    if not 1 <= limit <= MOST_ITEMS:
        raise Refusal("invalid_limit")
    return min(limit, MOST_MESSAGES)


def _between(messages: Sequence[Message], given: Arguments) -> list[Message]:
    """The messages after `oldest` and before `latest`."""
    oldest, latest = _moment(given, "oldest", "0"), _moment(given, "latest", "")
    inclusive = given.flag("inclusive")
    return [
        message
        for message in messages
        if (oldest < float(message.ts) or (inclusive and float(message.ts) == oldest))
        and (not latest or float(message.ts) < latest or (inclusive and float(message.ts) == latest))
    ]


def _moment(given: Arguments, name: str, default: str) -> float:
    try:
        return float(given.text(name) or default or "0")
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None
