"""Replies over a Slack on loopback, in a time that passes when a test says so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.models import Answer, Citation, ConversationKey, Question
from bot.playground import Message, Playground
from bot.ports.slack import Reply
from bot.records import State
from handlers.buttons import Seal
from handlers.calls import Calls, open_client
from handlers.pace import TIERS, Pace
from handlers.replies import SlackReplies
from tests.nouns import NOON, a_question
from tests.timing import Time
from tests.waiting import wait_until

SEAL = Seal.of("xoxb-of-the-tests")
LEAVE = Citation(
    n=1,
    chunk_id="leave#0",
    document_id="leave",
    revision="r1",
    path="leave.md",
    title="Leave",
    heading="Annual leave",
    heading_path=("Annual leave",),
    quote="At most 240 hours carry over.",
    url="https://wiki.acme.example/leave#annual",
    updated=NOON - timedelta(days=21),
)
ANSWER = Answer(
    question="how many hours?",
    standalone_query="how many hours?",
    text="At most 240 hours carry over. [1]",
    answered=True,
    confidence="high",
    citations=(LEAVE,),
    timings_ms={"total": 812.0},
    backends={"generator": "quotes"},
)
SENTENCES = tuple(f"Rule number {n:02} of the handbook says that leave is fine. [1]\n\n" for n in range(25))
LONG = replace(ANSWER, text="".join(SENTENCES).strip(), backends={"generator": "some-model"})
"""About 1,500 characters, as they come: sentence by sentence."""


@dataclass
class World:
    """Replies, the Slack that they are made in, and the time there."""

    slack: Playground
    replies: SlackReplies
    time: Time
    noted: list[tuple[State, str | None]] = field(default_factory=list[tuple[State, "str | None"]])

    async def asked(self, channel: str = "general", *, person: str = "ana", thread: str | None = None) -> Question:
        """A question that stands in the channel."""
        ts = await self.slack.say(person, channel, "<@bot> how many hours?", thread_ts=thread)
        key = ConversationKey(self.slack.team_id, self.slack.id_of(channel), thread or ts)
        private = channel.startswith("dm-")
        question = a_question("how many hours?", asker=self.slack.id_of(person), message=ts, private=private)
        return replace(question, id=f"{key.workspace}/{key.channel}/{ts}", conversation=key)

    async def commanded(self) -> Question:
        """A question asked with a command, to be answered to one person alone."""
        await self.slack.command("ana", "general", "/ask", "how many hours?")
        address = self.slack.deliveries[-1].payload["response_url"]
        key = ConversationKey(self.slack.team_id, self.slack.id_of("general"), "cmd")
        question = replace(a_question("how many hours?", private=True), conversation=key, reply_url=address)
        return replace(question, id="T/C/cmd", asker=self.slack.id_of("ana"))

    def open(self, question: Question, *, at: str | None = None) -> AbstractAsyncContextManager[Reply]:
        """A reply, whose notes are kept."""
        return self.replies.open(question, at=at, note=self.note)

    async def note(self, state: State, at: str | None) -> None:
        """Keep a note."""
        self.noted.append((state, at))

    async def posted(self, question: Question, answer: Answer = ANSWER, *, at: str | None = None) -> str:
        """Answer, from the sign of life on; where the reply stands."""
        async with self.open(question, at=at) as reply:
            await reply.sign()
            await reply.answer(answer)
        return self.noted[-1][1] or "" if at is None else at

    async def stream(self, question: Question, reply: Reply, *pieces: str) -> Message:
        """Let the reply take long enough to be streamed; its message once it stands."""
        await reply.sign()
        for piece in pieces or SENTENCES[:1]:
            reply.say(piece)
        self.time.pass_by(1.0)
        await wait_until(lambda: bool(self.thread(question)), because="a stream began")
        await wait_until(lambda: self.noted[-1][0] is State.SIGNED, because="it was noted")
        return self.thread(question)[0]

    async def say_on(self, reply: Reply, piece: str, *, seconds: float = 1.2) -> None:
        """Say more, let time pass, and wait until it was shown, or tried to be."""
        shown = self.count("chat.appendStream", "chat.update")
        reply.say(piece)

        def is_shown() -> bool:
            return self.count("chat.appendStream", "chat.update") > shown

        await wait_until(lambda: is_shown() or self.time.sleeping > 0, because="it waits for its moment")
        self.time.pass_by(seconds)
        await wait_until(is_shown, because="more was shown")

    def thread(self, question: Question) -> list[Message]:
        """What stands below the question's thread, its root left out."""
        return self.slack.thread(question.conversation.channel, question.conversation.thread)[1:]

    def sent(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [dict(call.arguments) for call in self.slack.calls if call.method == method]

    def count(self, *methods: str) -> int:
        """How many calls of these methods were answered."""
        return sum(call.method in methods for call in self.slack.calls)

    @property
    def methods(self) -> list[str]:
        """What was called, in order."""
        return [call.method for call in self.slack.calls]


@asynccontextmanager
async def opened(
    *, deadline: float = 5.0, rate_limits: bool = False, patience: float = 20.0, hurried: bool = False
) -> AsyncGenerator[World]:
    """A world of its own. Without `rate_limits` the pace has no tiers either, so that no test waits for one."""
    time = Time(hurried=hurried, landing=0.02)
    pace = Pace(TIERS if rate_limits else {}, clock=time, sleep=time.sleep)
    async with (
        Playground(rate_limits=rate_limits, clock=time, ack_within=0.05, retry_delays=()) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url, deadline=deadline) as client,
    ):
        calls = Calls(client, patience=patience, pace=pace)
        yield World(slack, SlackReplies(calls, bot_id=slack.bot_id, seal=SEAL, now=lambda: NOON), time)
