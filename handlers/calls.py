"""Calls of Slack's Web API under our own policy: what is waited for, what is tried again, and what a failure means."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refused, SlackUnavailable
from bot.holding import still_held
from handlers.pace import Pace

SLACK = "https://slack.com/api/"
DEADLINE = 5.0
"""Seconds that one request may take."""
PATIENCE = 20.0
"""Seconds that a call may spend waiting because Slack asked for it."""
MOST_PAGES = 200
"""Pages of a list that are read."""

_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_PAUSE = 5.0
"""Seconds to wait where Slack does not say how long."""
_LEAST = 1.0
"""Seconds to wait where Slack says none: who refuses a call for being one too many does not want the next at once."""
TAKEN, TOO_MANY, BROKEN = 200, 429, 500
"""What HTTP calls a success, a call too many, and the first failure on the other side."""
REPLY_ADDRESS = "reply address"
"""What an error calls it: the address itself is a secret."""

Answer = Mapping[str, Any]


@asynccontextmanager
async def open_client(
    *, bot_token: str | None, api_url: str = SLACK, deadline: float = DEADLINE
) -> AsyncGenerator[AsyncWebClient]:
    """A Web API client over one shared session, which never tries anything again by itself."""
    async with ClientSession(timeout=ClientTimeout(total=deadline)) as session:
        yield client_over(session, bot_token=bot_token, api_url=api_url)


def client_over(session: ClientSession | None, *, bot_token: str | None, api_url: str) -> AsyncWebClient:
    """A client over a session that is open already."""
    client = AsyncWebClient(
        token=bot_token, base_url=api_url, session=session, retry_handlers=[], logger=quiet_logger()
    )
    if urlsplit(client.base_url).hostname in ("127.0.0.1", "::1", "localhost"):
        client.proxy = None  # the SDK takes a proxy from the environment for every host
    return client


def quiet_logger() -> logging.Logger:
    """A logger that never says more than INFO: below it the SDK prints bodies, signatures and what people wrote."""
    logger = logging.getLogger("footnote.slack")
    logger.setLevel(logging.INFO)
    return logger


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls methods by the name that Slack's reference gives them, such as `chat.postMessage`."""

    client: AsyncWebClient
    patience: float = PATIENCE
    most_pages: int = MOST_PAGES
    pace: Pace = field(default_factory=Pace)

    async def __call__(
        self, method: str, /, *, repeatable: bool, patience: float | None = None, **arguments: object
    ) -> Answer:
        """What Slack answers to a call that it accepts.

        A call that has no turn yet, or is told to wait, waits as long as `patience` allows. A connection that breaks is
        tried once more where the call is `repeatable`: of any other call nobody knows whether Slack took it. Raises
        `SlackUnavailable` (with `retry_after`: Slack did not take it) or `Refused`, naming the method and Slack's code
        and nothing that was sent; `LeaseLost` before any call when the job may be another's: what it has said by now
        must not be written over either.
        """
        left, again, where = self.patience if patience is None else patience, repeatable, _channel(arguments)
        while True:
            still_held()  # nor does it wait for its turn
            async with self.pace.in_turn(method, channel=where, patience=left) as waited:
                left -= waited
                still_held()
                try:
                    return await self._once(method, arguments)
                except SlackApiError as error:
                    pause = _asked_to_wait(error)
                    if pause is None:
                        raise _meaning(method, error) from None
                    self.pace.shut(method, channel=where, seconds=pause)
                except (ClientError, TimeoutError) as error:
                    if not again:
                        raise SlackUnavailable(f"{method}: {type(error).__name__}") from None
                    again = False

    def room_for(self, method: str, *, channel: str = "", keep: int = 0) -> bool:
        """Whether there is room for a call that need not be made, and for `keep` more that must be."""
        return self.pace.room_for(method, channel=channel, keep=keep)

    async def reply(self, address: str, /, **message: object) -> None:
        """POST a message to a reply address, which Slack gave out for one gesture and which needs no token.

        Never sent again, unless Slack says that it took nothing and how long to wait. Raises `Refused` when the address
        is old or used up, `SlackUnavailable` when nobody knows.
        """
        left = self.patience
        while True:
            still_held()
            status, pause = await self._replied(address, message)
            if status != TOO_MANY:
                break
            if pause > left:
                raise SlackUnavailable(f"{REPLY_ADDRESS}: Slack asks to wait {pause:g} s", retry_after=pause)
            await self.pace.sleep(pause)
            left -= pause
        if status >= BROKEN:
            raise SlackUnavailable(f"{REPLY_ADDRESS}: {status}")
        if status != TAKEN:
            raise Refused(f"{REPLY_ADDRESS}: {status}", code="expired_url")

    async def _replied(self, address: str, message: Mapping[str, object]) -> tuple[int, float]:
        """The status of an answer, and how long it asks to wait."""
        session = self.client.session
        if session is None:
            raise SlackUnavailable(f"{REPLY_ADDRESS}: no session is open")
        try:
            async with session.post(address, json=message, proxy=self.client.proxy, allow_redirects=False) as said:
                return said.status, _seconds(said.headers)
        except (ClientError, TimeoutError) as error:
            raise SlackUnavailable(f"{REPLY_ADDRESS}: {type(error).__name__}") from None

    async def pages(self, method: str, /, **arguments: Any) -> AsyncGenerator[Answer]:
        """Every page of a method that lists something. Raises as a call does, and for a list without an end."""
        cursor: dict[str, Any] = {}
        for _ in range(self.most_pages):
            page = await self(method, repeatable=True, **arguments, **cursor)
            yield page
            metadata: Answer = page.get("response_metadata") or {}
            if not metadata.get("next_cursor"):
                return
            cursor = {"cursor": metadata["next_cursor"]}
        raise SlackUnavailable(f"{method}: more than {self.most_pages} pages")

    async def _once(self, method: str, arguments: Mapping[str, object]) -> Answer:
        call: Callable[..., Awaitable[Any]] = getattr(self.client, method.replace(".", "_"))
        return (await call(**arguments)).data


def error_code(error: SlackApiError) -> str | None:
    """Slack's code for a refusal; None where the answer is not Slack's (a proxy's page, for instance)."""
    data: object = getattr(_response(error), "data", None)
    code = cast("Answer", data).get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else None


def _asked_to_wait(error: SlackApiError) -> float | None:
    if error_code(error) not in _RATE_LIMITED and _status(error) != TOO_MANY:
        return None
    return _seconds(getattr(_response(error), "headers", {}))


def _seconds(headers: Mapping[str, str]) -> float:
    """How long the header `Retry-After` asks to wait."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return max(_LEAST, float(said)) if said.isascii() and said.isdigit() else _PAUSE


def _meaning(method: str, error: SlackApiError) -> SlackUnavailable | Refused:
    code, status = error_code(error), _status(error)
    if code is None or code in _PASSING or status >= BROKEN:
        return SlackUnavailable(f"{method}: {code or 'no answer of Slack'} ({status})")
    return Refused(f"{method}: {code}", code=code)


def _channel(arguments: Mapping[str, object]) -> str:
    """Where a call goes, as its method names that."""
    return str(arguments.get("channel") or arguments.get("channel_id") or "")


def _status(error: SlackApiError) -> int:
    response = _response(error)
    return getattr(response, "status_code", None) or getattr(response, "status", 0)


def _response(error: SlackApiError) -> Any:
    """What came back: the SDK's response, or aiohttp's where the SDK could not read it."""
    return error.response  # pyright: ignore[reportUnknownMemberType]  (the SDK leaves it untyped)
