"""The secrets that connect the bot to Slack, checked before anything is served."""

from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured, SlackUnavailable
from handlers.calls import error_code

Transport = Literal["socket", "http"]

_NOT_ACCEPTED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_NOT_ENOUGH = frozenset({"missing_scope", "not_allowed_token_type", "no_permission"})
_KINDS = {"xoxb-": "a bot token", "xapp-": "an app-level token", "xoxp-": "a user token"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, as Slack says."""

    workspace: str
    workspace_name: str
    bot_user: str
    bot_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A setting that holds a secret, and where in Slack's app pages a person finds it."""

    setting: str
    prefix: str
    found: str

    def check(self, value: str | None) -> str:
        """The value, when it is of the right kind. Raises `Misconfigured`, without saying what it holds."""
        if not value:
            raise Misconfigured(f"{self.setting} is missing; set it to {self.found}")
        kind = next((prefix for prefix in _KINDS if value.startswith(prefix)), "")
        if kind != self.prefix:
            raise Misconfigured(f"{self.setting} holds {_KINDS.get(kind, 'something else')}; set it to {self.found}")
        return value


BOT_TOKEN = Secret("SLACK_BOT_TOKEN", "xoxb-", "the Bot User OAuth Token (xoxb-…) from OAuth & Permissions")
APP_TOKEN = Secret(
    "SLACK_APP_TOKEN", "xapp-", "an app-level token (xapp-…) with the scope connections:write from Basic Information"
)
SIGNING_SECRET = Secret("SLACK_SIGNING_SECRET", "", "the Signing Secret from Basic Information")


async def check_tokens(
    client: AsyncWebClient,
    *,
    transport: Transport | None,
    app_token: str | None = None,
    signing_secret: str | None = None,
) -> Identity:
    """Who the bot is, once every secret that `transport` needs is there, of the right kind, and accepted by Slack.

    None stands for a worker, which receives nothing and needs the bot token alone. Raises `Misconfigured` with one
    sentence that names the setting and the remedy, and `SlackUnavailable` when Slack does not answer.
    """
    BOT_TOKEN.check(client.token)
    if transport == "socket":
        APP_TOKEN.check(app_token)
    elif transport == "http":
        SIGNING_SECRET.check(signing_secret)
    said = await _first_call(client, "auth.test", BOT_TOKEN)
    if transport == "socket":
        await _first_call(client, "apps.connections.open", APP_TOKEN, app_token=app_token)
    return Identity(
        workspace=said["team_id"],
        workspace_name=said.get("team", ""),
        bot_user=said["user_id"],
        bot_id=said.get("bot_id", ""),
        name=said.get("user", ""),
    )


async def _first_call(client: AsyncWebClient, method: str, secret: Secret, **arguments: str | None) -> dict[str, Any]:
    """What Slack answers to the first call that needs a secret."""
    try:
        response = await getattr(client, method.replace(".", "_"))(**arguments)
    except SlackApiError as error:
        raise _meaning(method, secret, error_code(error)) from None
    except (ClientError, TimeoutError) as error:
        reason = f"Slack cannot be reached at {client.base_url} ({type(error).__name__})"
        raise SlackUnavailable(f"{reason}; check the network and SLACK_API_URL") from None
    return response.data


def _meaning(method: str, secret: Secret, code: str | None) -> Misconfigured | SlackUnavailable:
    if code in _NOT_ACCEPTED:
        return Misconfigured(f"Slack does not accept {secret.setting} ({code}); set it to {secret.found}")
    if code in _NOT_ENOUGH:
        return Misconfigured(f"{secret.setting} may not call {method} ({code}); set it to {secret.found}")
    return SlackUnavailable(f"{method}: {code or 'no answer of Slack'}; check SLACK_API_URL, or try again later")
