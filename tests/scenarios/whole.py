"""The whole bot on loopback: real queue, real index, real models, and the playground for Slack."""

import asyncio
import io
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.commands.index import index
from bot.composition import bot
from bot.models import Principal
from bot.playground import Message, Playground
from bot.settings import Http, Settings, Slack
from handlers.tokens import Transport

PATIENCE = 20.0
"""Seconds that an answer may take before a test gives up; none needs one of them."""


@dataclass
class Whole:
    """What a test holds on to."""

    slack: Playground
    settings: Settings
    home: Path

    async def indexed(self, name: str, files: Mapping[str, str], *, readable_by: Sequence[Principal] = ()) -> Path:
        """A folder with these files, indexed; files of an earlier call that are not named again are removed."""
        folder = self.home / name
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for file, text in files.items():
            (folder / file).write_text(text)
        await index(self.settings, [folder], readable_by=tuple(readable_by) or None, show=io.StringIO())
        return folder

    async def asked(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """The bot's message that answers what `person` writes, once it no longer says that it is searching."""
        before = len(self.by_bot(channel, thread_ts)) if thread_ts else 0
        ts = await self.slack.say(person, channel, text, thread_ts=thread_ts)
        root = thread_ts or ts

        def answered() -> Message | None:
            said = self.by_bot(channel, root)
            finished = len(said) > before and "Searching" not in said[-1].visible_text
            return said[-1] if finished else None

        message = await self.slack.wait_until(answered, timeout=PATIENCE)
        assert message is not None
        return message

    def by_bot(self, channel: str, root: str) -> list[Message]:
        """What the bot has said in a thread."""
        return [message for message in self.slack.thread(channel, root) if message.author == "bot"]

    @asynccontextmanager
    async def running(self, *, transport: Transport = "socket", work: bool = True) -> AsyncGenerator[None]:
        """Edge and worker, or the edge alone, while the block runs."""
        async with AsyncExitStack() as stack:
            footnote = await stack.enter_async_context(bot(self.settings, transport=transport))
            if work:
                worker = await stack.enter_async_context(footnote.worker())
                task = asyncio.create_task(worker.run())
                stack.push_async_callback(_ended, task)
                stack.callback(worker.stop)
            place = await stack.enter_async_context(footnote.edge(transport=transport))
            self.slack.http_events_url = place if transport == "http" else None
            yield


async def _ended(task: "asyncio.Task[None]") -> None:
    await task


@asynccontextmanager
async def whole(home: Path) -> AsyncGenerator[Whole]:
    """A playground, and settings that point at it; nothing of the bot runs yet."""
    async with Playground() as slack:
        secrets = Slack.model_validate(
            {
                "bot_token": slack.bot_token,
                "app_token": slack.app_token,
                "signing_secret": slack.signing_secret,
                "api_url": slack.api_url,
            }
        )
        yield Whole(slack, Settings(home=home / "home", slack=secrets, http=Http(port=0)), home)
