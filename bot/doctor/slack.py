"""Checks of the Slack app: that Slack answers, takes the tokens, has granted the scopes, and opens Socket Mode."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.doctor.findings import Finding, Findings, error, named, ok, warning
from bot.doctor.tokens import APP, BOT, WHERE_APP, WHERE_BOT, masked
from bot.doctor.wire import Reply, Wire, at
from bot.errors import SlackUnavailable
from bot.words.counting import counted
from handlers.manifest import SCOPES

SLACK, GRANTED, SOCKET, CLOCK = "Slack", "Slack scopes", "Socket Mode", "Clock"

REINSTALL = "then Install App › Reinstall to Workspace"
_AGAIN = "wait a minute and run footnote doctor again"
_NETWORK = "let this machine reach it (firewall, proxy, DNS), or correct SLACK_API_URL"
_NOT_SLACK = "correct SLACK_API_URL, or leave it out; a proxy that asks people to log in looks like this too"
_NO_SOCKET = "let this machine reach wss://*.slack.com on port 443, or serve over HTTP (footnote serve --http)"
_ENABLE = "Socket Mode › Enable Socket Mode"

_REFUSED: Mapping[str, tuple[str, str]] = {
    "invalid_auth": (
        "is unknown to Slack",
        f"{WHERE_BOT}; or add this machine at OAuth & Permissions › Restrict API Token Usage, if that is in use",
    ),
    "not_authed": ("did not arrive at Slack", "look at the proxy in between: it takes the header Authorization away"),
    "token_revoked": ("was revoked", f"Install App › Reinstall to Workspace; {WHERE_BOT}"),
    "account_inactive": ("belongs to an app that was removed", f"Install App › Install to Workspace; {WHERE_BOT}"),
    "token_expired": (
        "has expired, because token rotation is on",
        "it cannot be turned off: make the app anew from footnote manifest, and copy its tokens",
    ),
    "not_allowed_token_type": ("is of a kind that Slack does not take here", WHERE_BOT),
}
"""What Slack's refusal of a bot token means, and what to do."""
_NOT_ENOUGH = ("missing_scope", "not_allowed_token_type", "no_permission")
FAR, TOO_FAR = 60, 240
"""Seconds by which the clock may be wrong before that is a warning, and an error: a signature holds for 300."""
_LIMITED = 429
_PASSING = ("ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
"""Slack's codes for what is over in a while."""


async def reached(wire: Wire, *, token: str) -> list[Finding]:
    """Whether the Web API answers at all; what it says is kept for the checks that follow."""
    try:
        reply = await wire.ask("auth.test", token=token)
    except SlackUnavailable as why:
        return error(SLACK, f"{wire.host} cannot be reached: {why}", _NETWORK)
    if reply.status == _LIMITED:
        return error(SLACK, f"{wire.host} asks to wait, as it was called too often", _AGAIN)
    if reply.data is None:
        return error(SLACK, f"{wire.host} answers, but not as Slack's Web API (status {reply.status})", _NOT_SLACK)
    if reply.error in _PASSING:
        return error(SLACK, f"{wire.host} is in trouble itself ({reply.error})", f"look at slack-status.com; {_AGAIN}")
    return ok(SLACK, f"{wire.host} answers")


def bot_token(reply: Reply, *, token: str) -> list[Finding]:
    """Whether Slack takes the bot token, by its answer to `auth.test`."""
    if reply.error:
        meaning, remedy = _REFUSED.get(reply.error, ("is refused", WHERE_BOT))
        return error(BOT, f"{masked(token)} {meaning} ({named(reply.error)})", remedy)
    if not reply.at("bot_id"):
        return error(BOT, f"{masked(token)} belongs to a person, not to a bot", WHERE_BOT)
    return ok(BOT, f"{masked(token)}, workspace {named(reply.at('team'))}, user @{named(reply.at('user'))}")


def scopes(granted: frozenset[str] | None) -> list[Finding]:
    """Whether the bot may do all that it does, and no more."""
    if granted is None:
        return warning(GRANTED, "Slack does not say which were granted", "compare OAuth & Permissions with the guide")
    missing, spare = sorted(set(SCOPES) - granted), sorted(granted - set(SCOPES) - {"identify"})
    it = "it" if len(missing or spare) == 1 else "them"
    found: list[Finding] = []
    if missing:
        remedy = f"OAuth & Permissions › Bot Token Scopes, add {it}, {REINSTALL}"
        found += error(GRANTED, f"missing {', '.join(missing)}", remedy)
    if spare:
        remedy = f"OAuth & Permissions › Bot Token Scopes, remove {it}, {REINSTALL}"
        found += warning(GRANTED, f"more than needed: {', '.join(map(named, spare))}", remedy)
    return found or ok(GRANTED, f"all {len(SCOPES)} granted, no other")


async def app_token(wire: Wire, *, value: str) -> list[Finding]:
    """Whether the app-level token is accepted, and may open connections."""
    reply = await wire.ask("apps.connections.open", token=value)
    if reply.data is None or reply.error in _PASSING:
        return error(APP, f"Slack would not say whether it takes {masked(value)} (status {reply.status})", _AGAIN)
    if reply.error in _NOT_ENOUGH:
        return error(APP, f"{masked(value)} has no scope connections:write ({named(reply.error)})", WHERE_APP)
    if reply.error:
        return error(APP, f"{masked(value)} is refused ({named(reply.error)})", WHERE_APP)
    return ok(APP, f"{masked(value)}, may open connections")


async def socket_mode(wire: Wire, *, bot_token: str) -> Findings:
    """Whether Socket Mode opens, and for the same app as the bot token's."""
    address = wire.answers["apps.connections.open"].at("url")
    try:
        frame = await wire.first_frame(str(address))
    except SlackUnavailable as why:
        return error(SOCKET, f"the WebSocket does not open: {why}", _NO_SOCKET)
    if frame.get("type") != "hello":
        return _turned_away(str(frame.get("reason", "")))
    return await _same_app(wire, frame, bot_token) or ok(SOCKET, f"connects{_others(frame)}")


def _turned_away(why: str) -> list[Finding]:
    if why == "link_disabled":
        return error(SOCKET, "is turned off in the app", _ENABLE)
    if why == "too_many_websockets":
        return error(SOCKET, "ten processes are connected already, Slack's most", "stop those that are not needed")
    return error(SOCKET, f"Slack closed the connection ({named(why or 'without a word')})", f"{_ENABLE}; {_AGAIN}")


def _others(frame: Mapping[str, Any]) -> str:
    others = int(frame.get("num_connections") or 1) - 1
    return f", beside {counted(others, 'other connection')}" if others > 0 else ""


async def _same_app(wire: Wire, frame: Mapping[str, Any], bot_token: str) -> list[Finding]:
    """An error when the two tokens are of two apps, as far as Slack tells."""
    theirs = at(frame, "connection_info", "app_id")
    account = await wire.ask("users.info", token=bot_token, user=str(wire.met.at("user_id")))
    ours = account.at("user", "profile", "api_app_id")
    if not ours or not theirs or ours == theirs:
        return []
    said = f"SLACK_APP_TOKEN is of the app {named(theirs)}, SLACK_BOT_TOKEN of {named(ours)}"
    return error(SOCKET, said, f"copy both from one app: {WHERE_APP}")


def clock(date: datetime | None, *, now: datetime) -> Findings:
    """Whether this machine's clock agrees with Slack's."""
    if date is None:
        return None
    off = (now - date).total_seconds()
    said = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} Slack's"
    remedy = "switch on time synchronisation: timedatectl set-ntp true"
    if abs(off) > TOO_FAR:
        return error(CLOCK, f"{said}: requests from Slack would count as too old", remedy)
    if abs(off) > FAR:
        return warning(CLOCK, said, remedy)
    return ok(CLOCK, "agrees with Slack's")
