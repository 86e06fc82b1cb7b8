"""Each thing that can be wrong with an installation is found, told apart, and told with what to do about it.

The stand-in for Slack, the Valkey and the index are real; each test spoils one thing in an installation that is sound.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.playground import Playground
from bot.playground.cast import CHANNELS, PEOPLE, Channel, Person, Usergroup
from handlers.manifest import SCOPES
from tests.unit.doctor.installation import Installation, answering, installed, of_level

SWAPPED = "exchange the values of SLACK_BOT_TOKEN and SLACK_APP_TOKEN"


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_sound_installation_is_found_sound(sound: Installation, transport: str) -> None:
    """Where nothing is wrong there is neither an error nor a warning, and nothing is left unchecked."""
    found = await sound.examined("http" if transport == "http" else "socket")
    assert [finding for finding in found.findings if finding.level != "ok"] == []
    assert found.unchecked == ()
    assert len(found.findings) >= 14


@dataclass(frozen=True)
class Wrong:
    """Something wrong in the variables or at Slack, and the line that tells of it."""

    level: str
    name: str
    said: str
    remedy: str
    changes: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    spoil: Callable[[Playground], object] = lambda _: None
    http: bool = False


USER_TOKEN = "xoxp-" + "1" * 40
WRONG = {
    "no bot token": Wrong(
        "error", "Slack bot token", "SLACK_BOT_TOKEN is not set", "OAuth & Permissions", {"SLACK_BOT_TOKEN": None}
    ),
    "user token": Wrong(
        "error", "Slack bot token", "holds a user token", "Bot User OAuth Token", {"SLACK_BOT_TOKEN": USER_TOKEN}
    ),
    "no token at all": Wrong(
        "error", "Slack bot token", "holds something else", "OAuth & Permissions", {"SLACK_BOT_TOKEN": "hunter2"}
    ),
    "a token with a line break in it": Wrong(
        "error", "Slack bot token", "holds characters that no token has", "OAuth & Permissions",
        {"SLACK_BOT_TOKEN": "xoxb-1\r\n2"},
    ),
    "unknown bot token": Wrong(
        "error", "Slack bot token", "unknown to Slack (invalid_auth)", "copy the Bot User OAuth Token",
        {"SLACK_BOT_TOKEN": "xoxb-" + "2" * 40},
    ),
    "revoked bot token": Wrong(
        "error", "Slack bot token", "was revoked", "Reinstall to Workspace",
        spoil=lambda slack: slack.fail("auth.test", "token_revoked"),
    ),
    "removed app": Wrong(
        "error", "Slack bot token", "an app that was removed", "Install to Workspace",
        spoil=lambda slack: slack.fail("auth.test", "account_inactive"),
    ),
    "rotated token": Wrong(
        "error", "Slack bot token", "token rotation is on", "make the app anew",
        spoil=lambda slack: slack.fail("auth.test", "token_expired"),
    ),
    "no app token": Wrong(
        "error", "Slack app token", "SLACK_APP_TOKEN is not set", "App-Level Tokens", {"SLACK_APP_TOKEN": None}
    ),
    "app token of another kind": Wrong(
        "error", "Slack app token", "holds a refresh or configuration token", "App-Level Tokens",
        {"SLACK_APP_TOKEN": "xoxe-1-" + "3" * 40},
    ),
    "unknown app token": Wrong(
        "error", "Slack app token", "is refused (invalid_auth)", "App-Level Tokens",
        {"SLACK_APP_TOKEN": "xapp-1-" + "4" * 40},
    ),
    "app token without its scope": Wrong(
        "error", "Slack app token", "has no scope connections:write", "with the scope connections:write",
        spoil=lambda slack: slack.fail("apps.connections.open", "missing_scope"),
    ),
    "Socket Mode refused": Wrong(
        "error", "Slack app token", "is refused (forbidden_team)", "App-Level Tokens",
        spoil=lambda slack: slack.fail("apps.connections.open", "forbidden_team"),
    ),
    "no signing secret": Wrong(
        "error", "Slack signing secret", "SLACK_SIGNING_SECRET is not set", "App Credentials",
        {"SLACK_SIGNING_SECRET": None}, http=True,
    ),
    "signing secret of another shape": Wrong(
        "error", "Slack signing secret", "31 characters, not 32", "App Credentials",
        {"SLACK_SIGNING_SECRET": "a" * 31}, http=True,
    ),
    "signing secret that is a token": Wrong(
        "error", "Slack signing secret", "holds a bot token", "App Credentials",
        {"SLACK_SIGNING_SECRET": "xoxb-" + "5" * 40}, http=True,
    ),
    "Slack elsewhere": Wrong(
        "error", "Slack", "cannot be reached: ", "SLACK_API_URL", {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
    ),
    "Slack cut off": Wrong(
        "error", "Slack", "cannot be reached: the connection broke", "SLACK_API_URL",
        spoil=lambda slack: slack.cut("auth.test"),
    ),
    "Slack in a hurry": Wrong(
        "error", "Slack", "asks to wait", "wait a minute", spoil=lambda slack: slack.fail("auth.test", "ratelimited")
    ),
    "Slack in trouble": Wrong(
        "error", "Slack", "is in trouble itself (internal_error)", "slack-status.com",
        spoil=lambda slack: slack.fail("auth.test", "internal_error"),
    ),
    "too many connections asked for": Wrong(
        "error", "Slack app token", "would not say whether it takes xapp-…", "wait a minute",
        spoil=lambda slack: slack.fail("apps.connections.open", "ratelimited"),
    ),
    "channels untold": Wrong(
        "warning", "Slack channels", "Slack would not say (internal_error)", "wait a minute",
        spoil=lambda slack: slack.fail("users.conversations", "internal_error"),
    ),
    "an admin who is nobody": Wrong(
        "error", "Admins", "FOOTNOTE_ADMINS names U0NOBODY, who is nobody here", "Copy member ID",
        {"FOOTNOTE_ADMINS": "U07ADAMORO4 U0NOBODY"},
    ),
    "an admin who is a guest": Wrong(
        "warning", "Admins", "U07GUSLIND3, who is a guest", "name a member", {"FOOTNOTE_ADMINS": "U07GUSLIND3"}
    ),
    "an admin who is a bot": Wrong(
        "warning", "Admins", "U07FOOTNOTE, which is a bot", "name a member", {"FOOTNOTE_ADMINS": "U07FOOTNOTE"}
    ),
    "an admin by name": Wrong(
        "error", "Settings", "FOOTNOTE_ADMINS cannot be used: 'ada' is no id of a person", "U0123ABCD",
        {"FOOTNOTE_ADMINS": "ada"},
    ),
    "a group that is none": Wrong(
        "error", "Ask a person", "FOOTNOTE_HUMANS names S0NOTHING, which is no user group", "Copy group ID",
        {"FOOTNOTE_HUMANS": "S0NOTHING"},
    ),
    "a person that is none": Wrong(
        "error", "Ask a person", "FOOTNOTE_HUMANS names U0NOBODY, who is nobody", "Copy member ID",
        {"FOOTNOTE_HUMANS": "U0NOBODY"},
    ),
    "a channel that is none": Wrong(
        "error", "Help channel", "no such channel, or a private one without the bot", "/invite @footnote",
        {"FOOTNOTE_HELP_CHANNEL": "C0NOTHING"},
    ),
    "an unknown setting": Wrong(
        "error", "Settings", "FOOTNOTE_HTP_PORT is not a setting", "did you mean FOOTNOTE_HTTP_PORT? If not,",
        {"FOOTNOTE_HTP_PORT": "3000"},
    ),
    "a malformed setting": Wrong(
        "error", "Settings", "FOOTNOTE_ANSWERS cannot be used: it is no whole number", "correct it, or leave it out",
        {"FOOTNOTE_ANSWERS": "many"},
    ),
    "a malformed PORT": Wrong(
        "error", "Settings", "PORT cannot be used: it is no whole number", "port that serve --http listens on",
        {"PORT": "three", "FOOTNOTE_HTTP_PORT": None},
    ),
    "Redis that is not there": Wrong(
        "error", "Redis", "127.0.0.1:9/0 does not answer: nothing listens there", "start the server, or correct",
        {"REDIS_URL": "redis://somebody:hidden@127.0.0.1:9/0"},
    ),
    "a malformed address of Redis": Wrong(
        "error", "Settings", "REDIS_URL cannot be used: ", "redis, rediss, unix",
        {"REDIS_URL": "localhost:6379"},
    ),
    "a server without its address": Wrong(
        "error", "Settings", "FOOTNOTE_MEMORY is server, but REDIS_URL is not set", "set it",
        {"REDIS_URL": None, "FOOTNOTE_MEMORY": "server"},
    ),
    "a binary that is not there": Wrong(
        "error", "Redis", "did not start", "set REDIS_URL",
        {"REDIS_URL": None, "REDIS_SERVER_BIN": "/nowhere/valkey-server"},
    ),
    "nothing indexed": Wrong(
        "error", "Index", "nothing is indexed under", "footnote index PATH",
        {"FOOTNOTE_HOME": str(Path(__file__).with_name("nothing"))},
    ),
    "a home that cannot be made": Wrong(
        "error", "Home folder", "cannot be written", "set FOOTNOTE_HOME", {"FOOTNOTE_HOME": "/proc/footnote"}
    ),
    "a home that is a file": Wrong(
        "error", "Home folder", "is not a folder", "set FOOTNOTE_HOME", {"FOOTNOTE_HOME": __file__}
    ),
    "an address of another machine": Wrong(
        "error", "HTTP port", "cannot be listened on", "set FOOTNOTE_HTTP_HOST",
        {"FOOTNOTE_HTTP_HOST": "192.0.2.1"}, http=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_wrong_is_found(sound: Installation, what: str) -> None:
    """The one thing that is wrong has its line, with the thing to do; nothing else becomes an error or a warning."""
    wrong = WRONG[what]
    wrong.spoil(sound.slack)
    found = await sound.examined("http" if wrong.http else "socket", wrong.changes)
    (told,) = [finding for finding in found.findings if finding.level != "ok"]
    assert (told.level, told.name) == (wrong.level, wrong.name)
    assert wrong.said in told.said
    assert wrong.remedy in told.remedy


async def test_swapped_tokens_are_told_to_be_exchanged(sound: Installation) -> None:
    """Each of the two lines says which kind the other variable holds, and the same single thing to do."""
    found = await sound.examined(
        "socket", {"SLACK_BOT_TOKEN": sound.slack.app_token, "SLACK_APP_TOKEN": sound.slack.bot_token}
    )
    told = of_level(found, "error")
    assert [(one.name, one.remedy) for one in told] == [("Slack bot token", SWAPPED), ("Slack app token", SWAPPED)]
    assert "an app-level token" in told[0].said
    assert "a bot token" in told[1].said


async def test_missing_scopes_are_named(indexed_home: Path, valkey_url: str) -> None:
    """Every scope that is missing is named, with the page where it is added; what they hide is named as unchecked."""
    scopes = [scope for scope in SCOPES if scope not in ("groups:history", "groups:read")]
    async with installed(indexed_home, valkey_url, scopes=scopes) as installation:
        found = await installation.examined()
    (told,) = of_level(found, "error")
    assert (told.name, told.said) == ("Slack scopes", "missing groups:history, groups:read")
    assert told.remedy.startswith("OAuth & Permissions › Bot Token Scopes, add them, then")
    assert found.unchecked == ("Slack channels",)


async def test_scopes_beyond_the_need_are_named(indexed_home: Path, valkey_url: str) -> None:
    """A scope that the bot does not use is a warning: the security team asks why it is there."""
    async with installed(indexed_home, valkey_url, scopes=(*SCOPES, "files:read")) as installation:
        found = await installation.examined()
    (told,) = of_level(found, "warning")
    assert told.said == "more than needed: files:read"
    assert "remove it" in told.remedy
    assert of_level(found, "error") == []


async def test_a_bot_in_no_channel_is_told_to_be_invited(sound: Installation) -> None:
    """A bot that nobody invited hears nothing; the words to type are in the line."""
    for channel in CHANNELS:
        await sound.slack.leave("bot", channel.name)
    (told,) = of_level(await sound.examined(), "warning")
    assert (told.name, told.said) == ("Slack channels", "the bot is in no channel")
    assert told.remedy.endswith("/invite @footnote")


async def test_a_help_channel_without_the_bot_is_found(sound: Installation) -> None:
    """Reports can only be posted where the bot is a member."""
    await sound.slack.leave("bot", "it-help")
    (told,) = of_level(await sound.examined("socket", {"FOOTNOTE_HELP_CHANNEL": "C07ITHELP01"}), "error")
    assert (told.name, told.said) == ("Help channel", "the bot is not in #it-help")
    assert told.remedy == "in Slack, in #it-help: /invite @footnote"


async def test_what_is_switched_off_in_slack_is_told_apart(indexed_home: Path, valkey_url: str) -> None:
    """A deactivated person, a disabled group and an archived channel exist, and are of no use."""
    left = Person("lea", "Lea Left", "U07LEALEFT9", kind="deactivated")
    group = Usergroup("old", "Old group", "S07OLDGROUP", ("ana",), disabled=True)
    channel = Channel("attic", "C07ATTIC001", ("ana", "bot"), archived=True)
    changes = {
        "FOOTNOTE_ADMINS": left.id,
        "FOOTNOTE_HUMANS": group.id,
        "FOOTNOTE_HELP_CHANNEL": channel.id,
    }
    async with installed(
        indexed_home, valkey_url, people=(*PEOPLE, left), channels=(*CHANNELS, channel), usergroups=(group,)
    ) as installation:
        found = await installation.examined("socket", changes)
    assert [(one.level, one.name, one.said) for one in found.findings if one.level != "ok"] == [
        ("warning", "Admins", f"FOOTNOTE_ADMINS names {left.id}, whose account is deactivated"),
        ("error", "Ask a person", "FOOTNOTE_HUMANS names @old, which is disabled"),
        ("error", "Help channel", "FOOTNOTE_HELP_CHANNEL names #attic, which is archived"),
    ]


async def test_people_and_places_that_are_right_are_told_so(sound: Installation) -> None:
    """Each id that a setting names has its line, so that a reader sees what it stands for."""
    changes = {
        "FOOTNOTE_ADMINS": "U07ADAMORO4",
        "FOOTNOTE_HUMANS": "S07PEOPLEOP",
        "FOOTNOTE_HELP_CHANNEL": "C07ITHELP01",
    }
    told = {one.name: (one.level, one.said) for one in (await sound.examined("socket", changes)).findings}
    assert told["Admins"] == ("ok", "1 besides the workspace's own")
    assert told["Ask a person"] == ("ok", "calls @people-ops")
    assert told["Help channel"] == ("ok", "#it-help")


async def test_a_secret_is_not_sent_where_it_does_not_belong(sound: Installation) -> None:
    """What stands in the wrong variable is known by its looks; Slack is asked without it."""
    seen: list[str] = []

    async def record(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.json_response({"ok": False, "error": "not_authed"})

    async with answering(record) as address:
        swapped = {"SLACK_BOT_TOKEN": sound.slack.app_token, "SLACK_APP_TOKEN": sound.slack.bot_token}
        await sound.examined("socket", {**swapped, "SLACK_API_URL": address})
    assert set(seen) == {""}


async def test_names_of_private_channels_are_not_shown(sound: Installation) -> None:
    """Who may run the doctor need not be a member: of private channels only their number is told."""
    (told,) = [one for one in (await sound.examined()).findings if one.name == "Slack channels"]
    assert "the bot is in 4" in told.said
    assert "people-ops" not in told.said


async def test_a_page_that_is_not_slacks_is_told_apart(sound: Installation) -> None:
    """A proxy's login page, or a wrong address, is not taken for Slack and not shown either."""
    page = "<html><body>Please log in to the network</body></html>"

    async def login(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    async with answering(login) as address:
        found = await sound.examined("socket", {"SLACK_API_URL": address})
    (told,) = of_level(found, "error")
    assert "not as Slack's Web API (status 200)" in told.said
    assert "Please log in" not in json.dumps([one.said for one in found.findings])
    assert set(found.unchecked) >= {"Slack bot token", "Slack scopes", "Socket Mode", "Slack channels"}


async def test_the_eleventh_connection_is_explained(sound: Installation) -> None:
    """Slack takes ten connections of an app; one more is turned away with a frame, which is put into words."""
    async with AsyncExitStack() as held:
        for _ in range(10):
            await held.enter_async_context(sound.slack_connected())
        (told,) = of_level(await sound.examined(), "error")
    assert (told.name, told.said) == ("Socket Mode", "ten processes are connected already, Slack's most")


async def test_a_clock_that_is_wrong_is_found(sound: Installation) -> None:
    """A minute is worth a warning; four are an error, because Slack's signatures hold for five."""
    (ahead,) = of_level(await sound.examined(off=timedelta(seconds=100)), "warning")
    assert ahead.name == "Clock"
    assert "ahead of Slack's" in ahead.said
    (behind,) = of_level(await sound.examined(off=timedelta(seconds=-280)), "error")
    assert "behind Slack's" in behind.said
    assert "timedatectl set-ntp true" in behind.remedy


async def test_a_port_that_is_taken_is_found(sound: Installation) -> None:
    """What else listens where `serve --http` would is an error, with the command that names it."""

    async def other(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with answering(other) as address:
        port = address.removesuffix("/").rpartition(":")[2]
        (told,) = of_level(await sound.examined("http", {"FOOTNOTE_HTTP_PORT": port}), "error")
    assert (told.name, told.said) == ("HTTP port", f"127.0.0.1:{port} cannot be listened on: address already in use")
    assert f"sport = :{port}" in told.remedy


async def test_a_port_taken_by_a_bot_is_in_order(sound: Installation) -> None:
    """Beside a bot that serves already, the doctor does not call its port a mistake."""

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async with answering(health) as address:
        port = address.removesuffix("/").rpartition(":")[2]
        found = await sound.examined("http", {"FOOTNOTE_HTTP_PORT": port})
    assert [one.said for one in found.findings if one.name == "HTTP port"] == [
        f"127.0.0.1:{port}, where a bot serves already"
    ]


async def test_one_wrong_setting_hides_no_other(sound: Installation) -> None:
    """Several variables that cannot be used have a line each, and all that does not depend on them is looked at."""
    wrong = {"FOOTNOTE_PROT": "1", "FOOTNOTE_ANSWERS": "0", "REDIS_URL": "ftp://x", "SLACK_API_URL": "slack"}
    found = await sound.examined("socket", wrong)
    assert [one.name for one in of_level(found, "error")] == ["Settings"] * 4
    assert {one.said.partition(" ")[0] for one in of_level(found, "error")} == wrong.keys()
    assert set(found.unchecked) == {"Slack", "Redis"}
    assert {"Index", "Disk", "Embedding model"} <= {one.name for one in found.findings}


async def test_a_silent_slack_costs_one_deadline(sound: Installation) -> None:
    """Where Slack takes a call and never answers, everything else is still looked at."""
    sound.slack.hang("users.conversations")
    found = await sound.examined(patience=0.5)
    (told,) = of_level(found, "error")
    assert told.name == "Slack channels"
    assert "no answer" in told.said
    assert {"Index", "Redis", "Socket Mode", "Clock"} <= {one.name for one in found.findings}


async def test_no_secret_is_told(sound: Installation) -> None:
    """Of a secret no more than its kind and last four characters appears, however wrong its place."""
    secrets = [sound.slack.bot_token, sound.slack.app_token, sound.slack.signing_secret, "rosebud-and-sledge"]
    wrong = {
        "SLACK_BOT_TOKEN": sound.slack.app_token,
        "SLACK_APP_TOKEN": sound.slack.bot_token,
        "REDIS_URL": "redis://bot:rosebud-and-sledge@127.0.0.1:9/0",
    }
    for transport in ("socket", "http"):
        for changes in ({}, wrong, {"REDIS_URL": "redis://bot:rosebud-and-sledge@:port/0"}):
            text = str(await sound.examined("http" if transport == "http" else "socket", changes))
            assert [secret for secret in secrets if secret[5:-4] in text] == []
