"""The Web API methods that the playground answers: arguments, scopes, rate tiers.

From the method pages of https://docs.slack.dev/reference/methods. Slack ignores an argument it does not know; the
playground refuses it, because it is always a mistake, except the `team_id` that Bolt adds to every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TIER_2, TIER_3, TIER_4 = 20, 50, 100
ArgumentType = Literal["string", "boolean", "number", "array", "object"]


@dataclass(frozen=True, slots=True)
class Method:
    """What one method takes. `per_minute` is its rate tier, None for methods with limits of their own.

    `takes_json` is False for the methods that read only query strings and forms. `needs` are scopes, all wanted; scopes
    that depend on the kind of conversation are checked where the conversation is known.
    """

    required: str = ""
    strings: str = ""
    booleans: str = ""
    numbers: str = ""
    arrays: str = ""
    objects: str = ""
    needs: tuple[str, ...] = ()
    per_minute: int | None = None
    takes_json: bool = True
    caller: Literal["bot", "app"] = "bot"

    def types(self) -> Mapping[str, ArgumentType]:
        """Each known argument's type."""
        named: dict[str, ArgumentType] = {"team_id": "string"}
        named.update(dict.fromkeys(self.strings.split(), "string"))
        named.update(dict.fromkeys(self.booleans.split(), "boolean"))
        named.update(dict.fromkeys(self.numbers.split(), "number"))
        named.update(dict.fromkeys(self.arrays.split(), "array"))
        named.update(dict.fromkeys(self.objects.split(), "object"))
        return named


_LOOKS = "icon_emoji icon_url username"
_STREAM = "markdown_text"

METHODS: Mapping[str, Method] = {
    "api.test": Method(strings="error foo"),
    "auth.test": Method(),
    "apps.connections.open": Method(caller="app"),
    "chat.postMessage": Method(
        required="channel",
        strings=f"channel text markdown_text thread_ts parse {_LOOKS}",
        booleans="as_user link_names mrkdwn reply_broadcast unfurl_links unfurl_media unfurl_app_links",
        arrays="blocks attachments",
        objects="metadata",
        needs=("chat:write",),
    ),
    "chat.postEphemeral": Method(
        required="channel user",
        strings=f"channel user text markdown_text thread_ts parse {_LOOKS}",
        booleans="as_user link_names",
        arrays="blocks attachments",
        objects="metadata",
        needs=("chat:write",),
        per_minute=TIER_4,
    ),
    "chat.update": Method(
        required="channel ts",
        strings="channel ts text markdown_text parse",
        booleans="as_user link_names reply_broadcast",
        arrays="blocks attachments file_ids",
        objects="metadata",
        needs=("chat:write",),
        per_minute=TIER_3,
    ),
    "chat.delete": Method(
        required="channel ts",
        strings="channel ts",
        booleans="as_user",
        needs=("chat:write",),
        per_minute=TIER_3,
    ),
    "chat.getPermalink": Method(required="channel message_ts", strings="channel message_ts", takes_json=False),
    "chat.startStream": Method(
        required="channel thread_ts",
        strings=f"channel thread_ts recipient_team_id recipient_user_id task_display_mode {_STREAM} {_LOOKS}",
        arrays="chunks",
        needs=("chat:write",),
        per_minute=TIER_2,
    ),
    "chat.appendStream": Method(
        required="channel ts",
        strings=f"channel ts {_STREAM}",
        arrays="chunks",
        needs=("chat:write",),
        per_minute=TIER_4,
    ),
    "chat.stopStream": Method(
        required="channel ts",
        strings=f"channel ts session_status {_STREAM}",
        arrays="chunks blocks",
        objects="metadata",
        needs=("chat:write",),
        per_minute=TIER_2,
    ),
    "conversations.replies": Method(
        required="channel ts",
        strings="channel ts cursor latest oldest",
        booleans="inclusive include_all_metadata",
        numbers="limit",
        per_minute=TIER_3,
        takes_json=False,
    ),
    "conversations.history": Method(
        required="channel",
        strings="channel cursor latest oldest",
        booleans="inclusive include_all_metadata",
        numbers="limit",
        per_minute=TIER_3,
        takes_json=False,
    ),
    "conversations.info": Method(
        required="channel",
        strings="channel",
        booleans="include_locale include_num_members",
        per_minute=TIER_3,
        takes_json=False,
    ),
    "conversations.members": Method(
        required="channel",
        strings="channel cursor",
        numbers="limit",
        per_minute=TIER_4,
        takes_json=False,
    ),
    "conversations.list": Method(
        strings="cursor types",
        booleans="exclude_archived",
        numbers="limit",
        per_minute=TIER_2,
        takes_json=False,
    ),
    "users.conversations": Method(
        strings="cursor types user",
        booleans="exclude_archived",
        numbers="limit",
        per_minute=TIER_3,
        takes_json=False,
    ),
    "conversations.open": Method(
        strings="channel users",
        booleans="prevent_creation return_im",
        needs=("im:write",),
        per_minute=TIER_3,
    ),
    "users.info": Method(
        required="user",
        strings="user",
        booleans="include_locale",
        needs=("users:read",),
        per_minute=TIER_4,
        takes_json=False,
    ),
    "users.lookupByEmail": Method(
        required="email",
        strings="email",
        needs=("users:read.email",),
        per_minute=TIER_3,
        takes_json=False,
    ),
    "users.list": Method(
        strings="cursor",
        booleans="include_locale",
        numbers="limit",
        needs=("users:read",),
        per_minute=TIER_2,
        takes_json=False,
    ),
    "usergroups.list": Method(
        booleans="include_count include_disabled include_users",
        needs=("usergroups:read",),
        per_minute=TIER_2,
        takes_json=False,
    ),
    "usergroups.users.list": Method(
        required="usergroup",
        strings="usergroup",
        booleans="include_disabled",
        needs=("usergroups:read",),
        per_minute=TIER_2,
        takes_json=False,
    ),
    "reactions.add": Method(
        required="channel name timestamp",
        strings="channel name timestamp",
        needs=("reactions:write",),
        per_minute=TIER_3,
    ),
    "reactions.remove": Method(
        required="channel name timestamp",
        strings="channel name timestamp",
        needs=("reactions:write",),
        per_minute=TIER_2,
    ),
    "views.open": Method(
        required="view",
        strings="trigger_id interactivity_pointer",
        objects="view",
        per_minute=TIER_4,
    ),
    "views.push": Method(
        required="view",
        strings="trigger_id interactivity_pointer",
        objects="view",
        per_minute=TIER_4,
    ),
    "views.update": Method(
        required="view",
        strings="view_id external_id hash",
        objects="view",
        per_minute=TIER_4,
    ),
    "views.publish": Method(required="user_id view", strings="user_id hash", objects="view", per_minute=TIER_4),
    "assistant.threads.setStatus": Method(
        required="channel_id thread_ts status",
        strings=f"channel_id thread_ts status {_LOOKS}",
        arrays="loading_messages",
        needs=("chat:write",),
    ),
    "assistant.threads.setTitle": Method(
        required="channel_id thread_ts title",
        strings="channel_id thread_ts title",
        needs=("assistant:write",),
        per_minute=TIER_4,
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        required="channel_id prompts",
        strings="channel_id thread_ts title",
        arrays="prompts",
        needs=("assistant:write",),
        per_minute=TIER_4,
    ),
    "agents.sessions.setStatus": Method(
        required="channel_id thread_ts status",
        strings=f"channel_id thread_ts status title initiator_user_id {_LOOKS}",
        needs=("assistant:write", "chat:write"),
        per_minute=TIER_3,
    ),
    "agents.sessions.rename": Method(
        required="channel_id thread_ts title",
        strings="channel_id thread_ts title",
        needs=("assistant:write", "chat:write"),
        per_minute=TIER_3,
    ),
}
