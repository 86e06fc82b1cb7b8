"""Messages, people and conversations in the JSON that Slack's API and events use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.cast import SLACKBOT, Person, Usergroup
from bot.playground.messages import Message
from bot.playground.wire import Json
from bot.playground.workspace import Room, Workspace

EPOCH = 1_767_225_600
"""When everything in the playground was created: 2026-01-01."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Draws what a workspace holds, as Slack would send it to the bot."""

    workspace: Workspace

    # --- messages ---------------------------------------------------------------------------------------------------

    def message(self, message: Message, *, metadata: bool = False) -> Json:
        """A message as `conversations.replies` lists it."""
        shape: Json = {
            "user": message.user,
            "type": "message",
            "ts": message.ts,
            **({"client_msg_id": message.client_msg_id} if message.client_msg_id else {}),
            "text": message.text,
            "team": self.workspace.cast.team_id,
            **({"blocks": list(message.blocks)} if message.blocks else {}),
            **({"attachments": list(message.attachments)} if message.attachments else {}),
            **({"files": list(message.files)} if message.files else {}),
            **self._authorship(message),
            **self._threading(message),
        }
        if message.edited_ts:
            shape["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.reactions:
            shape["reactions"] = [
                {"name": r.name, "users": list(r.users), "count": len(r.users)} for r in message.reactions
            ]
        if metadata and message.metadata:
            shape["metadata"] = message.metadata
        if message.subtype == "bot_message":
            del shape["user"]
        return shape

    def _authorship(self, message: Message) -> Json:
        if message.tombstone:
            return {"subtype": "tombstone", "hidden": True, "user": "USLACKBOT"}
        if message.other_app:
            return message.other_app
        if message.subtype:
            return {"subtype": message.subtype}
        if message.user != self.workspace.cast.bot.id:
            return {}
        cast = self.workspace.cast
        profile: Json = {
            "id": cast.bot_id,
            "app_id": cast.app_id,
            "user_id": cast.bot.id,
            "name": cast.bot.real_name,
            "icons": {},
            "deleted": False,
            "updated": EPOCH,
            "team_id": cast.team_id,
        }
        return {"bot_id": cast.bot_id, "app_id": cast.app_id, "bot_profile": profile}

    def _threading(self, message: Message) -> Json:
        room = self.workspace.rooms[message.channel]
        if message.thread_ts is not None:
            root = room.messages.get(message.thread_ts)
            broadcast = {"subtype": "thread_broadcast"} if message.broadcast else {}
            return {"thread_ts": message.thread_ts, "parent_user_id": root.user if root else "", **broadcast}
        replies = room.replies(message.ts)
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.user for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }

    # --- people -----------------------------------------------------------------------------------------------------

    def person(self, person: Person, *, email: bool) -> Json:
        """A person as `users.info` describes one; the address only for those who may see it."""
        strange = person.kind == "stranger"
        team = "T07ELSEWHER" if strange else self.workspace.cast.team_id
        shape: Json = {
            "id": person.id,
            "team_id": team,
            "name": person.name,
            "deleted": person.kind == "deactivated",
            "color": "4bbe2e",
            "real_name": person.real_name,
            "tz": "Etc/UTC",
            "tz_label": "UTC",
            "tz_offset": 0,
            "profile": self._profile(person, team, email=email),
            "is_bot": person.kind == "bot" and person.id != SLACKBOT.id,
            "is_app_user": False,
            "updated": EPOCH,
            "is_email_confirmed": person.kind != "bot",
            "who_can_share_contact_card": "EVERYONE",
        }
        return shape if person.kind == "deactivated" else {**shape, **_standing(person)}

    def _profile(self, person: Person, team: str, *, email: bool) -> Json:
        return {
            "title": person.title,
            "phone": "",
            "skype": "",
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.real_name,
            "display_name_normalized": person.real_name,
            "status_text": "",
            "status_emoji": "",
            **({"email": person.email} if email and person.email else {}),
            **(
                {"bot_id": self.workspace.cast.bot_id, "api_app_id": self.workspace.cast.app_id}
                if person.id == self.workspace.cast.bot.id
                else {}
            ),
            "team": team,
        }

    def usergroup(self, group: Usergroup, *, users: bool, count: bool) -> Json:
        """A user group as `usergroups.list` lists it."""
        members = [self.workspace.person(name).id for name in group.members]
        return {
            "id": group.id,
            "team_id": self.workspace.cast.team_id,
            "is_usergroup": True,
            "is_subteam": True,
            "name": group.name,
            "description": "",
            "handle": group.handle,
            "is_external": False,
            "date_create": EPOCH,
            "date_update": EPOCH,
            "date_delete": EPOCH if group.disabled else 0,
            "auto_type": None,
            "prefs": {"channels": [], "groups": []},
            **({"users": members} if users else {}),
            **({"user_count": len(members)} if count else {}),
        }

    # --- conversations ----------------------------------------------------------------------------------------------

    def room(self, room: Room, *, num_members: bool = False) -> Json:
        """A conversation as `conversations.info` describes it."""
        shape = self._direct_message(room) if room.channel.kind == "im" else self._channel(room)
        return {**shape, **({"num_members": len(room.members)} if num_members else {})}

    def _direct_message(self, room: Room) -> Json:
        other = next(member for member in room.members if member != self.workspace.cast.bot.id)
        return {
            "id": room.id,
            "created": EPOCH,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": self.workspace.cast.team_id,
            "updated": EPOCH * 1000,
            "user": other,
            "last_read": "0000000000.000000",
            "is_open": True,
            "is_user_deleted": self.workspace.people[other].kind == "deactivated",
            "priority": 0,
        }

    def _channel(self, room: Room) -> Json:
        channel = room.channel
        team = self.workspace.cast.team_id
        topic = {"value": channel.topic, "creator": "", "last_set": 0}
        return {
            "id": room.id,
            "name": channel.name,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "private",
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.kind == "private",
            "created": EPOCH,
            "is_archived": channel.archived,
            "is_general": channel.name == "general",
            "unlinked": 0,
            "name_normalized": channel.name,
            "is_shared": bool(channel.sharing) and channel.sharing != "pending",
            "is_org_shared": channel.sharing == "organisation",
            "is_ext_shared": channel.sharing == "external",
            "is_pending_ext_shared": channel.sharing == "pending",
            "pending_shared": ["T07ELSEWHER"] if channel.sharing == "pending" else [],
            "context_team_id": team,
            "updated": EPOCH * 1000,
            "parent_conversation": None,
            "creator": self.workspace.cast.people[0].id if self.workspace.cast.people else "",
            "shared_team_ids": [team, *(["T07ELSEWHER"] if channel.sharing == "external" else [])],
            "pending_connected_team_ids": [],
            "is_member": self.workspace.cast.bot.id in room.members,
            "topic": topic,
            "purpose": {**topic, "value": ""},
            "previous_names": [],
        }


def channel_type(room: Room) -> str:
    """The `channel_type` of a message event."""
    return {"channel": "channel", "private": "group", "im": "im"}[room.channel.kind]


def _standing(person: Person) -> Json:
    single = person.kind == "single_channel_guest"
    return {
        "is_admin": person.is_admin,
        "is_owner": person.kind == "owner",
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": single,
        **({"is_stranger": True} if person.kind == "stranger" else {}),
    }
