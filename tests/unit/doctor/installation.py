"""An installation that is sound in every part, over real parts, for tests to spoil in one place."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession, web

from bot.commands.index import index
from bot.composition import now
from bot.doctor.examination import examine
from bot.doctor.findings import Finding, Found, Level
from bot.playground import Playground
from bot.playground.cast import CHANNELS, PEOPLE, USERGROUPS, Channel, Person, Usergroup
from bot.settings import Settings
from handlers.manifest import SCOPES
from handlers.tokens import Transport

PAGE = "# Leave\n\nYou may carry over at most 240 hours of annual leave into the next year.\n"


def ignored(*_: int) -> None:
    """What is told of progress, and not listened to."""


@dataclass
class Installation:
    """What a test holds on to: the stand-in for Slack, and the variables that a person would have set."""

    slack: Playground
    environment: dict[str, str]

    async def examined(
        self,
        transport: Transport = "socket",
        changes: Mapping[str, str | None] | None = None,
        *,
        off: timedelta = timedelta(0),
        patience: float = 10.0,
    ) -> Found:
        """All that is found once these variables are changed (None: not set), and the clock is `off` by so much."""
        changed = {name: value for name, value in {**self.environment, **(changes or {})}.items() if value is not None}
        return await examine(changed, transport=transport, now=lambda: now() + off, on_done=ignored, patience=patience)

    @asynccontextmanager
    async def slack_connected(self) -> AsyncGenerator[None]:
        """While a bot, of which nothing but its connection matters, is connected over Socket Mode."""
        async with ClientSession() as session:
            headers = {"Authorization": f"Bearer {self.slack.app_token}"}
            async with session.post(f"{self.slack.api_url}apps.connections.open", headers=headers) as said:
                address = (await said.json())["url"]
            async with session.ws_connect(address):
                yield


@asynccontextmanager
async def installed(
    home: Path,
    redis_url: str,
    *,
    scopes: Sequence[str] = SCOPES,
    people: Sequence[Person] = PEOPLE,
    channels: Sequence[Channel] = CHANNELS,
    usergroups: Sequence[Usergroup] = USERGROUPS,
) -> AsyncGenerator[Installation]:
    """A bot that could be served at once, over either transport."""
    async with Playground(scopes=scopes, people=people, channels=channels, usergroups=usergroups) as slack:
        yield Installation(
            slack,
            {
                "FOOTNOTE_HOME": str(home),
                "REDIS_URL": redis_url,
                "SLACK_API_URL": slack.api_url,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "FOOTNOTE_HTTP_PORT": "0",
            },
        )


def indexed(home: Path, folder: Path) -> Settings:
    """The settings of a home whose index holds the one page of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "leave.md").write_text(PAGE)
    settings = Settings(home=home)
    asyncio.run(index(settings, [folder], show=io.StringIO()))
    return settings


def copied(home: Path, to: Path) -> Path:
    """A copy of a home, to be spoilt."""
    shutil.copytree(home, to)
    return to


@asynccontextmanager
async def answering(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncGenerator[str]:
    """Something on loopback that answers every request like this; its address."""
    site = web.Application()
    site.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def of_level(found: Found, level: Level) -> list[Finding]:
    """The findings of a level."""
    return [finding for finding in found.findings if finding.level == level]


def moment(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
