"""Checks of whom and what the bot meets in its workspace: its channels, and the ids in the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.doctor.findings import Finding, Findings, error, named, ok, warning
from bot.doctor.wire import Reply, Wire

CHANNELS, ADMINS, HUMANS, HELP = "Slack channels", "Admins", "Ask a person", "Help channel"
MOST = 200
"""Channels that are asked for: more need no counting here."""
SHOWN = 3
_UNFIT: Mapping[str, str] = {
    "deleted": "whose account is deactivated",
    "is_bot": "which is a bot",
    "is_restricted": "who is a guest",
}
"""What Slack says of accounts that should not be named, and how that is told."""
_COPY = "in Slack: their profile › ⋮ › Copy member ID"
_GROUP = "in Slack: People › User groups › the group › ⋮ › Copy group ID"
_CHANNEL = "in Slack: the channel's name › About, the ID stands at the bottom"


async def channels(wire: Wire, *, token: str) -> Findings:
    """Whether the bot is in any channel: it hears nothing elsewhere."""
    types = "public_channel,private_channel"
    reply = await wire.ask("users.conversations", token=token, types=types, exclude_archived=True, limit=MOST)
    if reply.error == "missing_scope":
        return None
    if reply.error:
        return _untold(CHANNELS, reply)
    joined: Sequence[Mapping[str, Any]] = reply.at("channels") or ()
    if not joined:
        return warning(
            CHANNELS, "the bot is in no channel", f"in Slack, in each channel that it shall serve: {wire.invite}"
        )
    return ok(CHANNELS, _listed(joined))


def _listed(joined: Sequence[Mapping[str, Any]]) -> str:
    """How many, and the names of some that everybody may know."""
    public = [f"#{named(channel.get('name'))}" for channel in joined if not channel.get("is_private")]
    count = f"{len(joined)}{' or more' if len(joined) >= MOST else ''}"
    shown = ", ".join(public[:SHOWN]) + (" and others" if len(joined) > len(public[:SHOWN]) else "")
    return f"the bot is in {count}: {shown}" if public else f"the bot is in {count}, all private"


async def admins(wire: Wire, *, token: str, ids: Sequence[str]) -> Findings:
    """Whether FOOTNOTE_ADMINS names people who can administer."""
    found: list[Finding] = []
    for one in ids:
        amiss = await _person(wire, ADMINS, "FOOTNOTE_ADMINS", one, token=token)
        if amiss is None:
            return None
        found += amiss
    return found or ok(ADMINS, f"{len(ids)} besides the workspace's own")


async def humans(wire: Wire, *, token: str, called: str) -> Findings:
    """Whether FOOTNOTE_HUMANS names a person or a user group that can be called."""
    if not called.startswith("S"):
        amiss = await _person(wire, HUMANS, "FOOTNOTE_HUMANS", called, token=token)
        return ok(HUMANS, f"calls {called}") if amiss == [] else amiss
    reply = await wire.ask("usergroups.list", token=token, include_disabled=True, include_count=True)
    if reply.error == "missing_scope":
        return None
    if reply.error:
        return _untold(HUMANS, reply)
    groups: Sequence[Mapping[str, Any]] = reply.at("usergroups") or ()
    group = next((group for group in groups if group.get("id") == called), None)
    if group is None:
        return error(HUMANS, f"FOOTNOTE_HUMANS names {called}, which is no user group here", f"correct it; {_GROUP}")
    name = f"@{named(group.get('handle'))}"
    if group.get("date_delete"):
        return error(HUMANS, f"FOOTNOTE_HUMANS names {name}, which is disabled", "enable it, or name another group")
    return ok(HUMANS, f"calls {name}")


async def help_channel(wire: Wire, *, token: str, channel: str) -> Findings:
    """Whether FOOTNOTE_HELP_CHANNEL is a channel that the bot can post in."""
    reply = await wire.ask("conversations.info", token=token, channel=channel)
    if reply.error == "missing_scope":
        return None
    if reply.error == "channel_not_found":
        said = f"FOOTNOTE_HELP_CHANNEL names {channel}: no such channel, or a private one without the bot"
        return error(HELP, said, f"correct it ({_CHANNEL}), or type {wire.invite} there")
    if reply.error:
        return _untold(HELP, reply)
    name = f"#{named(reply.at('channel', 'name'))}"
    if reply.at("channel", "is_archived"):
        return error(HELP, f"FOOTNOTE_HELP_CHANNEL names {name}, which is archived", "name another channel")
    if not reply.at("channel", "is_member"):
        return error(HELP, f"the bot is not in {name}", f"in Slack, in {name}: {wire.invite}")
    return ok(HELP, name)


async def _person(wire: Wire, name: str, setting: str, person: str, *, token: str) -> Findings:
    """What is wrong with an account that a setting names; nothing for a member."""
    reply = await wire.ask("users.info", token=token, user=person)
    if reply.error in ("user_not_found", "user_not_visible"):
        return error(name, f"{setting} names {person}, who is nobody here", f"correct it; {_COPY}")
    if reply.error == "missing_scope":
        return None
    if reply.error:
        return _untold(name, reply)
    unfit = next((words for fact, words in _UNFIT.items() if reply.at("user", fact)), "")
    return warning(name, f"{setting} names {person}, {unfit}", f"name a member; {_COPY}") if unfit else []


def _untold(name: str, reply: Reply) -> list[Finding]:
    """Slack would not say; a web page in between counts as that too."""
    why = named(reply.error) if reply.data is not None else f"status {reply.status}"
    return warning(name, f"Slack would not say ({why})", "wait a minute and run footnote doctor again")
