"""The whole bot behind the playground's page, over the handbook, and what people do there."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from bot.adapters.local.generator import ExtractiveGenerator
from bot.commands.index import index
from bot.composition import Bot, bot
from bot.models import Hit, Principal, Query, Statement
from bot.playground import Playground
from bot.settings import Settings, Slack
from bot.settings.tree import Budgets
from tests.browser import handbook

SUGGESTIONS = (
    "@Footnote how many hours of annual leave can I carry over?",
    "@Footnote how do I set up the VPN?",
    "@Footnote which database does the billing system use?",
)
PEOPLE = {"ana": "Ana Ribeiro", "ben": "Ben Okafor", "gus": "Gus Lind", "ada": "Ada Moreau"}
PATIENCE = 20.0
"""Seconds; long, because a slow machine is no failure."""


@dataclass
class Held:
    """Quotes as the bot does without a model; while it is held, nothing comes after the first quote."""

    quotes: ExtractiveGenerator = field(default_factory=ExtractiveGenerator)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    @property
    def name(self) -> str:
        """What an answer calls it."""
        return self.quotes.name

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """The quotes, the first at once."""
        async for statement in self.quotes.generate(query, passages):
            yield statement
            await self.free.wait()

    @contextmanager
    def held(self) -> Generator[None]:
        """While the block runs."""
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


async def library(home: Path) -> Settings:
    """Settings with the handbook indexed: for everyone, but what is about pay for people-ops alone."""
    settings = Settings(home=home / "home", budgets=Budgets(person_minute=0))  # a walk is faster than a person
    now = datetime.now(UTC)
    everyone = handbook.write(home / "handbook", handbook.HANDBOOK, now=now)
    people_ops = handbook.write(home / "pay", handbook.PAY, now=now)
    await index(settings, [everyone], show=io.StringIO())
    await index(settings, [people_ops], readable_by=(Principal("group", "people-ops"),), show=io.StringIO())
    return settings


@asynccontextmanager
async def at_work(settings: Settings, slack: Playground, *, generator: Held) -> AsyncGenerator[Bot]:
    """Edge and worker of the bot, with the playground for Slack."""
    tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token, "signing_secret": slack.signing_secret}
    secrets = Slack.model_validate({**tokens, "api_url": slack.api_url, "help_channel": slack.id_of("it-help")})
    async with AsyncExitStack() as stack:
        ours = settings.model_copy(update={"slack": secrets})
        footnote = await stack.enter_async_context(bot(ours, transport="socket", paced=False))
        worker = await stack.enter_async_context(footnote.worker(generator=generator))
        working = asyncio.create_task(worker.run())
        try:
            await stack.enter_async_context(footnote.edge(transport="socket"))
            yield footnote
        finally:
            worker.stop()
            working.cancel()
            await asyncio.wait([working])


@dataclass(frozen=True)
class Walk:
    """Somebody in front of the page; people and channels are named as tests call them."""

    page: Page
    slack: Playground
    footnote: Bot
    generator: Held

    # --- who and where ----------------------------------------------------------------------------------------------

    async def be(self, person: str) -> None:
        """Sit down as somebody else."""
        await self.page.get_by_label(PEOPLE[person]).check()

    async def go(self, channel: str) -> None:
        """Open a conversation of the person who sits there."""
        await self.page.locator(f'[data-room="{self.slack.id_of(channel)}"]').click()

    async def home(self) -> Locator:
        """Open the bot's Home tab."""
        await self.page.get_by_role("button", name="Home", exact=True).click()
        return self.page.get_by_role("region", name="Home")

    # --- writing ----------------------------------------------------------------------------------------------------

    async def say(self, words: str) -> str:
        """Write in the middle; the message's timestamp."""
        before = set(self._written())
        await self._send(words, "#box")
        return await self.slack.wait_until(lambda: next(iter(set(self._written()) - before), ""))

    async def type(self, words: str) -> None:
        """Write what makes no message: a command."""
        await self._send(words, "#box")

    async def reply(self, words: str) -> None:
        """Write in the thread that is open."""
        await self._send(words, "#thread-box")

    async def _send(self, words: str, box: str) -> None:
        await self.page.fill(box, words)
        await self.page.press(box, "Enter")

    def _written(self) -> Sequence[str]:
        rooms = self.slack.workspace.rooms.values()
        people = {person.id for person in self.slack.workspace.cast.people}
        return [
            message.ts
            for room in rooms
            for message in room.messages.values()
            if message.user in people and not message.thread_ts
        ]

    # --- what there is ----------------------------------------------------------------------------------------------

    def line(self, ts: str) -> Locator:
        """A message in the middle."""
        return self.page.locator(f'#messages [data-ts="{ts}"]')

    @property
    def answers(self) -> Locator:
        """What the bot said to everybody in the thread that is open."""
        return self.page.locator("#replies .message[data-author=bot]:not(.message-only)")

    @property
    def whispers(self) -> Locator:
        """Private lines in the thread that is open."""
        return self.page.locator("#replies .message-only")

    async def ask_privately(self, question: str, *, answer: str) -> Locator:
        """Type `/ask`; the private line that is new and holds these words, once it is there."""
        lines = self.private.filter(has_text=answer)
        before = await lines.count()
        await self.type(f"/ask {question}")
        return lines.nth(before)

    @property
    def private(self) -> Locator:
        """Private lines in the middle."""
        return self.page.locator("#messages .message-only")

    @property
    def form(self) -> Locator:
        """The modal."""
        return self.page.locator("#modal")

    async def finished(self, count: int = 1) -> Locator:
        """The last of so many answers in the open thread, once nothing more will come in it."""
        await expect(self.answers).to_have_count(count)
        last = self.answers.nth(count - 1)
        await expect(last.locator("[data-action]").first).to_be_visible()
        await expect(last.locator("[data-action=stop]")).to_have_count(0)
        return last

    # --- doing ------------------------------------------------------------------------------------------------------

    async def thread(self, ts: str) -> None:
        """Open a thread from the middle."""
        await self.line(ts).locator(".replies-button").click()

    async def ask(self, words: str) -> Locator:
        """Ask in the middle, and read the answer in the thread beside it."""
        await self.say(words)
        return await self.finished()

    async def choose(self, message: Locator, words: str) -> None:
        """Pick from a message's menu."""
        await message.hover()
        await message.get_by_label("Message actions").first.click()
        await message.get_by_role("button", name=words).click()

    async def settled(self) -> None:
        """Everything that was sent to the bot was taken, and everything that was queued is done."""
        slack = self.slack
        await slack.wait_until(lambda: all(one.acknowledged for one in slack.deliveries), timeout=PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while await self.footnote.memory.jobs.depth():  # noqa: ASYNC110  # the queue tells nobody that it is empty
                await asyncio.sleep(0.01)

    async def admin_sets(self, channel: str, *, auto_answer: bool = False, humans: str = "") -> None:
        """Let Ada fill in the form for a channel, from her Home tab to *Save*."""
        await self.be("ada")
        await self.go("dm-ada")
        home = await self.home()
        await home.get_by_role("combobox").select_option(f"#{channel}")
        await expect(self.form).to_contain_text("How I behave in")
        await self.form.get_by_label("Answer questions that name nobody").set_checked(auto_answer)
        await self.form.get_by_label("Who “Ask a person” brings in").fill(humans)
        await self.form.get_by_role("button", name="Save").click()
        await expect(self.form).to_be_hidden()
