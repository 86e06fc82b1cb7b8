"""What a secret is by its looks: whether it is there, of which kind, and in the right place. Pure."""

from __future__ import annotations

import re

from bot.doctor.findings import Finding, error, ok

BOT, APP, SIGNING = "Slack bot token", "Slack app token", "Slack signing secret"

KINDS = {
    "xoxb-": "a bot token (xoxb-…)",
    "xapp-": "an app-level token (xapp-…)",
    "xoxp-": "a user token (xoxp-…)",
    "xoxe": "a refresh or configuration token (xoxe…)",
    "xox": "another kind of Slack token",
    "https://": "an address",
}
"""What a secret begins with, and what that is."""
QUOTES = "\"'\u201c\u201d\u2018\u2019"
_TOKEN = re.compile(r"[\w.-]+", re.ASCII)
_SIGNING = re.compile(r"[0-9a-f]{32}")

WHERE_BOT = "copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions into SLACK_BOT_TOKEN"
WHERE_APP = (
    "Basic Information › App-Level Tokens: generate one with the scope connections:write, and set SLACK_APP_TOKEN to it"
)
WHERE_SIGNING = "copy the Signing Secret from Basic Information › App Credentials into SLACK_SIGNING_SECRET"
EXCHANGE = "exchange the values of SLACK_BOT_TOKEN and SLACK_APP_TOKEN"


def masked(secret: str) -> str:
    """Its kind and its last four characters, where it is long enough to spare them."""
    kind = next((kind for kind in ("xoxb-", "xapp-", "xoxp-") if secret.startswith(kind)), "")
    return f"{kind}…{secret[-4:]}" if len(secret) > 24 else f"{kind}…"  # noqa: PLR2004  (far shorter than any real one)


def bot_token(value: str, *, app_token: str = "") -> list[Finding]:
    """What is wrong with the bot token by its looks; nothing when it may be right."""
    if not value:
        return error(BOT, "SLACK_BOT_TOKEN is not set", WHERE_BOT)
    if value.startswith("xoxb-"):
        return _odd(BOT, "SLACK_BOT_TOKEN", value, WHERE_BOT)
    swapped = value.startswith("xapp-") and app_token.startswith("xoxb-")
    return error(BOT, f"SLACK_BOT_TOKEN holds {kind_of(value)}", EXCHANGE if swapped else WHERE_BOT)


def app_token(value: str, *, bot_token: str = "") -> list[Finding]:
    """What is wrong with the app-level token by its looks; nothing when it may be right."""
    if not value:
        return error(APP, "SLACK_APP_TOKEN is not set, and Socket Mode needs it", WHERE_APP)
    if value.startswith("xapp-"):
        return _odd(APP, "SLACK_APP_TOKEN", value, WHERE_APP)
    swapped = value.startswith("xoxb-") and bot_token.startswith("xapp-")
    return error(APP, f"SLACK_APP_TOKEN holds {kind_of(value)}", EXCHANGE if swapped else WHERE_APP)


def signing_secret(value: str) -> list[Finding]:
    """Whether the signing secret looks like one; only a request from Slack can prove it."""
    if not value:
        return error(SIGNING, "SLACK_SIGNING_SECRET is not set, and serve --http needs it", WHERE_SIGNING)
    if _SIGNING.fullmatch(value):
        return ok(SIGNING, f"{masked(value)}, of the right shape; only a request from Slack can prove it")
    known = value.startswith((*KINDS, *QUOTES))
    found = kind_of(value) if known else f"{len(value)} characters, not 32 of 0-9 and a-f"
    return error(SIGNING, f"SLACK_SIGNING_SECRET holds {found}", WHERE_SIGNING)


def _odd(name: str, setting: str, value: str, remedy: str) -> list[Finding]:
    """An error for a token that cannot be one, such as `xoxb-…` from a guide; nothing for another."""
    if _TOKEN.fullmatch(value):
        return []
    return error(name, f"{setting} holds characters that no token has", remedy)


def kind_of(value: str) -> str:
    """What a value is by its beginning."""
    if value[0] in QUOTES:
        return "its quotation marks too: leave them out"
    return next((name for beginning, name in KINDS.items() if value.startswith(beginning)), "something else")
