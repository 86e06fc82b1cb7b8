"""One message, edited and deleted, and a Slack that tells of it in any order, twice, late, and by two ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.channels import ChannelSettings
from bot.composition import Bot, bot
from bot.models import ConversationKey
from bot.playground import Message, Playground
from bot.playground.delivery import Attempt
from bot.playground.wire import Json
from bot.ports.queue import Claim
from bot.settings import Http, ServerMemory, Settings, Slack
from bot.settings.tree import Budgets
from tests.scenarios.company import LEAVE, LUNCH, PIN, VPN, Shelf
from tests.scenarios.eyes import Eyes
from tests.scenarios.whole import PATIENCE, Whole, is_finished

FOUND = {LEAVE: "240 hours", LUNCH: "noon", VPN: "badge number", PIN: "the new PIN twice"}
"""What is asked, and words that stand in its answer alone."""
SURE = frozenset({LEAVE, PIN})
"""What is answered also where nobody asked the bot."""
OVERHEARD = "it-help"
"""A channel where questions to nobody are answered."""
PLACES = ("mention", "name taken out", "direct", "thread", "overheard")
DELETION = -1
"""How a story calls the deletion; the versions of the message are numbers from 0, in the order of writing."""


@dataclass(frozen=True)
class Story:
    """What a person did with one message, and how the bot came to hear of it.

    `words` are the versions of the message. `batches` say what is told: the worker does what there is to do after each
    of them; in a `hurry` it begins while they are told. With `at_once` the things of one batch are told together.
    """

    place: str
    words: tuple[str, ...]
    batches: tuple[tuple[int, ...], ...]
    at_once: bool = False
    hurry: bool = False

    def may_end(self, found: Sequence[str]) -> bool:
        """Whether the thread may look so in the end: the words whose answer stands in each message of the bot's.

        In a hurry a deletion may come just before an answer, or just after.
        """
        told = [thing for batch in self.batches for thing in batch]
        if self.hurry and DELETION in told:
            return not found or (told[0] != DELETION and len(found) == 1 and found[0] in self.words)
        return list(found) == ([] if self.ends is None else [self.ends])

    @property
    def ends(self) -> str | None:
        """The words whose answer stands in the end; None where nothing does.

        As if the things of each batch had been told in order: the last version is answered; a deletion takes with it
        what is not answered yet, and leaves an answer that stood; what nobody was asked is answered where it is sure.
        """
        answered, gone = -1, False
        for batch in self.batches:
            gone, newest = gone or DELETION in batch, max(batch)
            if newest > answered:
                if gone:
                    return None
                answered = newest
        words = self.words[answered]
        return words if self.place != "overheard" or words in SURE else None


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any of them; everything is told at least once."""
    words = [draw(st.sampled_from(list(FOUND)))]
    for _ in range(draw(st.integers(0, 3))):
        words.append(draw(st.sampled_from([one for one in FOUND if one != words[-1]])))
    things = [*range(len(words)), *([DELETION] if draw(st.booleans()) else [])]
    again = draw(st.lists(st.sampled_from(things), max_size=3))
    told = draw(st.permutations([*things, *again]))
    cuts = [0, *sorted(draw(st.sets(st.integers(1, len(told)), max_size=2)) - {len(told)}), len(told)]
    batches = tuple(tuple(told[start:end]) for start, end in pairwise(cuts))
    return Story(draw(st.sampled_from(PLACES)), tuple(words), batches, draw(st.booleans()), draw(st.booleans()))


class Withholding(Playground):
    """A Slack that keeps what it has to tell to itself until it is asked to; each event goes to the next edge."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Json] = []

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """Keep an event, as if the bot had taken it."""
        self.kept.append(attempt.payload)
        return None

    async def tell(self, payload: Json) -> None:
        """Deliver an event now. Raises `NotAcknowledged`."""
        await super().deliver(Attempt("events_api", payload), within=PATIENCE)


class Turnstile(RedisJobQueue):
    """The queue of a worker that takes jobs only while it is let."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._open = False
        self._looking = asyncio.Lock()

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        """As the queue does, with short waits; nothing while it is closed."""
        async with self._looking:
            claims = await super().claim(limit=limit, wait=0.0) if self._open else []
        if not claims:
            await asyncio.sleep(0.002)
        return claims

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Let the worker take jobs while the block runs."""
        self._open = True
        yield
        async with self._looking:
            self._open = False


@dataclass
class Office:
    """One Slack, two bots that listen, and the worker of one of them behind a turnstile."""

    company: Whole
    slack: Withholding
    footnote: Bot
    queue: Turnstile
    told: dict[int, list[Json]] = field(default_factory=dict[int, "list[Json]"])

    async def play(self, story: Story) -> list[str]:
        """Let a story happen; the words that each of the bot's messages in its thread answers in the end."""
        channel, root, ts = await self._write(story)
        for batch in story.batches:
            if DELETION in batch and DELETION not in self.told:
                await self._do(DELETION, lambda: self.slack.delete("ana", channel, ts))
            if not story.hurry:
                await self._tell(batch, at_once=story.at_once)
            async with self.queue.opened():
                if story.hurry:
                    await self._tell(batch, at_once=story.at_once)
                await self.company.settled(self.footnote)
        return [_answered(one) for one in self.company.by_bot(channel, root)]

    async def _write(self, story: Story) -> tuple[str, str, str]:
        """Where the message stands, the root of its thread, and the message itself, in all its versions."""
        self.told.clear()
        channel, thread = {"direct": "dm-ana", "overheard": OVERHEARD}.get(story.place, "general"), None
        if story.place == "thread":
            thread = await self.slack.say("ana", channel, "I am new here.")
            where = ConversationKey(self.slack.team_id, self.slack.id_of(channel), thread)
            await self.footnote.memory.conversations.join(where)
        before = "@Footnote " if story.place in ("mention", "name taken out") else ""
        said: list[str] = []

        async def write() -> None:
            said.append(await self.slack.say("ana", channel, before + story.words[0], thread_ts=thread))

        await self._do(0, write)
        for version, words in enumerate(story.words[1:], start=1):
            name = "" if story.place == "name taken out" and version == len(story.words) - 1 else before
            await self._do(version, lambda words=name + words: self.slack.edit("ana", channel, said[0], words))
        return channel, thread or said[0], said[0]

    async def _do(self, thing: int, deed: Callable[[], Awaitable[None]]) -> None:
        """Do something, and keep what Slack has to tell of it."""
        await self._all_kept()
        self.slack.kept.clear()
        await deed()
        await self._all_kept()
        self.told[thing] = list(self.slack.kept)

    async def _all_kept(self) -> None:
        await self.slack.wait_until(lambda: all(one.acknowledged for one in self.slack.deliveries), timeout=PATIENCE)

    async def _tell(self, batch: tuple[int, ...], *, at_once: bool) -> None:
        telling = [self.slack.tell(event) for thing in batch for event in self.told[thing]]
        if at_once:
            await asyncio.gather(*telling)
        else:
            for one in telling:
                await one


def _answered(message: Message) -> str:
    """What is answered in a message that is finished, and nothing besides."""
    body = message.visible_text.partition("Sources")[0]
    found = [words for words, its in FOUND.items() if its in body]
    return found[0] if len(found) == 1 and is_finished(message) else body


@asynccontextmanager
async def office(home: Path, shelf: Shelf, memory: str) -> AsyncGenerator[Office]:
    """The office, open: the queue and the records are in the server at `memory`."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(Withholding())
        secrets = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}
        chosen = Settings(
            home=home / "home",
            slack=Slack.model_validate(secrets),
            http=Http(port=0),
            memory=ServerMemory.model_validate({"backend": "server", "url": memory}),
            budgets=Budgets(person_minute=0, person_day=0, channel_day=0),
        )
        company = Whole(slack, chosen, home, Eyes.of(slack))
        await shelf.give(company)
        footnote, other = [
            await stack.enter_async_context(bot(chosen, transport="socket", paced=False)) for _ in range(2)
        ]
        await company.set_up(footnote, OVERHEARD, ChannelSettings(auto_answer=True))
        for one in (footnote, other):
            await stack.enter_async_context(one.edge(transport="socket"))
        link = await stack.enter_async_context(connect(memory))
        queue = Turnstile(link)
        working = replace(footnote, memory=replace(footnote.memory, jobs=queue))
        worker = await stack.enter_async_context(working.worker())
        task = asyncio.create_task(worker.run())
        stack.callback(task.cancel)
        yield Office(company, slack, footnote, queue)


Check: TypeAlias = Callable[[], None]


def tell_stories(
    home: Path, shelf: Shelf, memory: str, *, examples: int, also: Callable[[Check], Check] = lambda check: check
) -> None:
    """Let that many stories happen; fails, with the smallest one, where one ends as it may not.

    `also` decorates what hypothesis runs: with a seed, say.
    """
    with asyncio.Runner() as runner:
        opening = office(home, shelf, memory)
        place = runner.run(opening.__aenter__())

        @settings(max_examples=examples, deadline=None)
        @given(stories())
        def check(story: Story) -> None:
            found = runner.run(place.play(story))
            assert story.may_end(found), f"{found} where {story.ends} was to stand"

        try:
            also(check)()
        finally:
            runner.run(opening.__aexit__(None, None, None))
