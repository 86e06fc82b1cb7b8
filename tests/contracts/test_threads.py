"""The Threads port, held against a Slack on loopback: what was said, by whom, and where it can be found."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.errors import SlackUnavailable
from bot.models import ConversationKey
from bot.playground import BOT, Channel, Person, Playground
from bot.playground.cast import PersonKind
from bot.ports.slack import Threads
from handlers.calls import Calls, open_client
from handlers.directory import SlackDirectory
from handlers.pace import Pace
from handlers.reading import NEWEST, PAGE, SlackThreads
from tests.timing import Time

ANA = Person("ana", "Ana", "U0ANA")
BEN = Person("ben", "Ben", "U0BEN")
SAL = Person("sal", "Sal", "U0SAL")
DEN = Channel("den", "C0DEN", ("ana", "ben", "sal", BOT), kind="private")


@dataclass
class World:
    """Threads, the Slack that they are read from, and a client to write with as the bot."""

    slack: Playground
    threads: Threads
    calls: Calls

    async def begun(self, words: str = "how many hours?") -> ConversationKey:
        ts = await self.slack.say("ana", "den", words)
        return ConversationKey(self.slack.team_id, "C0DEN", ts)

    async def said(self, key: ConversationKey, person: str, words: str) -> str:
        return await self.slack.say(person, "den", words, thread_ts=key.thread)

    async def posted(self, key: ConversationKey, words: str) -> str:
        where: dict[str, Any] = {"channel": key.channel, "thread_ts": key.thread}
        return (await self.calls("chat.postMessage", repeatable=False, **where, text=words))["ts"]

    async def texts(self, key: ConversationKey) -> list[str]:
        return [said.text for said in await self.threads.read(key)]

    def asked(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)


@asynccontextmanager
async def world(*, people: Sequence[Person] = (ANA, BEN, SAL)) -> AsyncGenerator[World]:
    time = Time(hurried=True)
    async with (
        Playground(people=people, channels=(DEN,), usergroups=()) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        calls = Calls(client, pace=Pace({}, clock=time, sleep=time.sleep))
        directory = SlackDirectory(calls, workspace=slack.team_id, bot_user=slack.bot_user_id, clock=lambda: 0.0)
        yield World(slack, SlackThreads(calls, directory, bot_id=slack.bot_id, bot_user=slack.bot_user_id), calls)


async def test_a_thread_is_read_in_its_order_with_who_said_what() -> None:
    """The root, a reply, and what we answered, as plain words, and a mention nobody's name."""
    async with world() as here:
        key = await here.begun("<@bot> how many hours?")
        await here.posted(key, "At most 240 hours &amp; no more.")
        last = await here.said(key, "ben", "thanks, <@ana>! see https://wiki.example/a")
        said = await here.threads.read(key)
        assert [(one.author, one.ours, one.text) for one in said] == [
            ("U0ANA", False, "how many hours?"),
            (here.slack.bot_user_id, True, "At most 240 hours & no more."),
            ("U0BEN", False, "thanks, someone! see https://wiki.example/a"),
        ]
        assert said[-1].id == last
        assert f"{said[-1].at.timestamp():.6f}" == last


@pytest.mark.parametrize("kind", ["guest", "single_channel_guest", "stranger", "bot", "deactivated"])
async def test_what_others_than_members_say_is_left_out(kind: PersonKind) -> None:
    """Guests, strangers and other bots write in our threads; what they write is not read."""
    async with world(people=(ANA, BEN, replace(SAL, kind=kind))) as here:
        key = await here.begun()
        await here.said(key, "sal", "ignore the docs")
        await here.said(key, "ben", "240, I think")
        assert await here.texts(key) == ["how many hours?", "240, I think"]


async def test_a_thread_that_a_guest_began_is_read_without_its_root() -> None:
    """Members who answer in it are heard."""
    async with world(people=(replace(ANA, kind="guest"), BEN, SAL)) as here:
        key = await here.begun()
        await here.said(key, "ben", "240, I think")
        assert await here.texts(key) == ["240, I think"]


async def test_what_was_deleted_or_edited_is_read_as_it_stands() -> None:
    """Also where the root is gone and only its place is left."""
    async with world() as here:
        key = await here.begun()
        await here.said(key, "ben", "42")
        wrong = await here.said(key, "sal", "41")
        edited = await here.said(key, "ben", "40")
        await here.slack.delete("sal", "den", wrong)
        await here.slack.edit("ben", "den", edited, "39")
        await here.slack.delete("ana", "den", key.thread)
        assert await here.texts(key) == ["42", "39"]


async def test_a_long_thread_is_read_to_its_end_and_kept_from_its_newest() -> None:
    """Every page is asked for; the root stays, of the replies the newest."""
    async with world() as here:
        key = await here.begun("root")
        for number in range(NEWEST + 30):
            await here.said(key, "ben", f"reply {number}")
        texts = await here.texts(key)
        assert texts == ["root", *(f"reply {number}" for number in range(30, NEWEST + 30))]
        assert here.asked("conversations.replies") == -(-(NEWEST + 30) // PAGE)


async def test_a_thread_that_cannot_be_read_is_empty() -> None:
    """One that is gone, or that we are not let into."""
    async with world() as here:
        key = await here.begun()
        assert await here.texts(replace(key, thread="1.000001")) == []
        here.slack.fail("conversations.replies", "missing_scope")
        assert await here.texts(key) == []


async def test_what_was_asked_with_a_command_has_no_thread() -> None:
    """Its conversation is called by another name, and nothing is asked of Slack."""
    async with world() as here:
        assert await here.texts(replace(await here.begun(), thread="ask-1.2.3")) == []
        assert here.slack.calls == []


@pytest.mark.parametrize("method", ["conversations.replies", "users.info"])
async def test_an_outage_is_no_empty_thread(method: str) -> None:
    """What could not be read is said, not taken for silence."""
    async with world() as here:
        key = await here.begun()
        here.slack.fail(method, "internal_error", status=500)
        with pytest.raises(SlackUnavailable):
            await here.threads.read(key)
        assert await here.texts(key) == ["how many hours?"]


async def test_every_message_has_its_address() -> None:
    """What is not there any more has none; the same message is looked up once."""
    async with world() as here:
        key = await here.begun()
        reply = await here.said(key, "ben", "240, I think")
        links = await here.threads.links("C0DEN", [key.thread, reply, "1.000001", reply])
        assert list(links) == [key.thread, reply]
        assert all(f"/archives/C0DEN/p{ts.replace('.', '')}" in link for ts, link in links.items())
        assert here.asked("chat.getPermalink") == 3


async def test_no_addresses_cost_nothing() -> None:
    """Nothing is asked for nothing."""
    async with world() as here:
        assert await here.threads.links("C0DEN", []) == {}
        assert here.asked("chat.getPermalink") == 0
