"""The whole bot on loopback: real queue, real index, real models, and the playground for Slack."""

import asyncio
import io
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.channels import ChannelSettings
from bot.commands.index import index
from bot.composition import Bot, bot, now
from bot.models import Principal
from bot.playground import Message, Playground
from bot.ports.generation import Generator
from bot.settings import Http, Settings, Slack
from bot.settings.tree import Budgets
from bot.worker import Worker
from handlers.tokens import Transport
from tests.redis_fixtures import all_ends
from tests.scenarios.eyes import Eyes

PATIENCE = 20.0
"""Seconds that an answer may take before a test gives up; none needs one of them."""
UNLIMITED = Budgets(person_minute=0, person_day=0, channel_day=0, workspace_cost=0.0)
"""Nobody is turned away: people of a test ask faster than those of a company."""


@dataclass
class Whole:
    """What a test holds on to. `eyes` keeps what each person was ever shown."""

    slack: Playground
    settings: Settings
    home: Path
    eyes: Eyes

    async def indexed(self, name: str, files: Mapping[str, str], *, readable_by: Sequence[Principal] = ()) -> Path:
        """A folder with these files, indexed; files of an earlier call that are not named again are removed."""
        return await indexed(self.settings, self.home / name, files, readable_by=readable_by)

    # --- what people do ---------------------------------------------------------------------------------------------

    async def asked(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """The bot's message that answers what `person` writes, once it is finished."""
        before = len(self.by_bot(channel, thread_ts)) if thread_ts else 0
        ts = await self.slack.say(person, channel, text, thread_ts=thread_ts)
        return await self.answered(channel, thread_ts or ts, before=before)

    async def answered(self, channel: str, root: str, *, before: int = 0) -> Message:
        """The bot's newest message in a thread, once there are more than `before` and it is finished."""

        def finished() -> Message | None:
            said = self.by_bot(channel, root)
            return said[-1] if len(said) > before and is_finished(said[-1]) else None

        message = await self.slack.wait_until(finished, timeout=PATIENCE)
        assert message is not None
        return message

    async def told(self, person: str, channel: str, words: str, *, root: str | None = None) -> Message:
        """The private line of the bot's to a person that holds these words, once it is there."""

        def there() -> Message | None:
            return next((line for line in self.private(person, channel, root) if words in line.visible_text), None)

        line = await self.slack.wait_until(there, timeout=PATIENCE)
        assert line is not None
        return line

    async def settled(self, footnote: Bot) -> None:
        """Everything that was sent to the bot was taken, and everything that was queued is done."""
        slack = self.slack
        await slack.wait_until(lambda: all(one.acknowledged for one in slack.deliveries), timeout=PATIENCE)
        async with asyncio.timeout(PATIENCE):
            left = 1
            while left:
                left = await footnote.memory.jobs.depth()
                await asyncio.sleep(0.01 if left else 0)

    # --- what there is to see ---------------------------------------------------------------------------------------

    def by_bot(self, channel: str, root: str) -> list[Message]:
        """What the bot has said in a thread for everybody there."""
        thread = self.slack.thread(channel, root)
        return [message for message in thread if message.author == "bot" and message.ephemeral_to is None]

    def private(self, person: str, channel: str, root: str | None = None) -> list[Message]:
        """The lines for this person alone, oldest first: in the channel itself, or in a thread."""
        said = self.slack.thread(channel, root) if root else self.slack.messages(channel)
        return [message for message in said if message.ephemeral_to == person]

    def modal(self, person: str) -> str:
        """What the modal says that a person has before them; nothing when there is none."""
        view = self.slack.modal(person)
        return shown(view.view["blocks"]) if view else ""

    def home_tab(self, person: str) -> str:
        """What a person's Home tab says."""
        view = self.slack.home(person)
        return shown(view.view["blocks"]) if view else ""

    # --- what runs --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(
        self, *, transport: Transport = "socket", work: bool = True, generator: Generator | None = None
    ) -> AsyncGenerator[Bot]:
        """Edge and worker, or the edge alone, while the block runs."""
        async with AsyncExitStack() as stack:
            footnote = await stack.enter_async_context(bot(self.settings, transport=transport, paced=False))
            if work:
                worker = await stack.enter_async_context(footnote.worker(generator=generator))
                task = asyncio.create_task(worker.run())
                stack.push_async_callback(_ended, footnote, worker, task)
            place = await stack.enter_async_context(footnote.edge(transport=transport))
            self.slack.http_events_url = place if transport == "http" else None
            yield footnote
            await all_ends(self.settings)

    async def set_up(self, footnote: Bot, channel: str, settings: ChannelSettings) -> None:
        """Let a channel be set so, as an admin would."""
        where, who = self.slack.id_of(channel), self.slack.id_of("ada")
        await footnote.memory.channels.write(self.slack.team_id, where, settings, person=who, at=now())


async def _ended(footnote: Bot, worker: Worker, task: "asyncio.Task[None]") -> None:
    """Stop the worker; one that has nothing to do need not notice by itself."""
    worker.stop()
    while not task.done():
        if not await footnote.memory.jobs.depth():
            task.cancel()
        await asyncio.wait([task], timeout=0.02)
    if not task.cancelled():
        task.result()


def is_finished(message: Message) -> bool:
    """Whether nothing more will follow in this message by itself."""
    return not message.is_streaming and "stop" not in message.buttons


def shown(blocks: Sequence[Mapping[str, object]]) -> str:
    """Every word in some blocks, one after another."""
    words: list[str] = []

    def gather(part: object) -> None:
        if isinstance(part, Mapping):
            for name, value in part.items():  # pyright: ignore[reportUnknownVariableType]  (JSON of any shape)
                if name in ("text", "title", "label", "description") and isinstance(value, str):
                    words.append(value)
                else:
                    gather(value)  # pyright: ignore[reportUnknownArgumentType]  (likewise)
        elif isinstance(part, Sequence) and not isinstance(part, str):
            for value in part:  # pyright: ignore[reportUnknownVariableType]  (likewise)
                gather(value)  # pyright: ignore[reportUnknownArgumentType]  (likewise)

    gather(blocks)
    return "\n".join(words)


async def indexed(
    settings: Settings, folder: Path, files: Mapping[str, str], *, readable_by: Sequence[Principal] = ()
) -> Path:
    """The folder with these files and no others, indexed."""
    _write(folder, files)
    await index(settings, [folder], readable_by=tuple(readable_by) or None, show=io.StringIO())
    return folder


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for file, text in files.items():
        (folder / file).write_text(text)


@asynccontextmanager
async def whole(home: Path, **more: str) -> AsyncGenerator[Whole]:
    """A playground, and settings that point at it, `more` among those of Slack; nothing of the bot runs yet."""
    async with Playground() as slack:
        secrets = Slack.model_validate(
            {
                "bot_token": slack.bot_token,
                "app_token": slack.app_token,
                "signing_secret": slack.signing_secret,
                "api_url": slack.api_url,
                **more,
            }
        )
        settings = Settings(home=home / "home", slack=secrets, http=Http(port=0), budgets=UNLIMITED)
        yield Whole(slack, settings, home, Eyes.of(slack))
