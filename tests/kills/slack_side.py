"""What the people do and see: questions with words of their own, and what stands in their threads, and since when."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.playground import Playground
from bot.playground.cast import BOT, Channel, Person
from bot.playground.delivery import Attempt, Delivery
from bot.playground.messages import Message
from bot.playground.wire import Json
from bot.playground.workspace import Change
from tests.kills.facts import FACTS, Fact

ROOMS, EACH = 10, 2
"""Channels, and people in each: few enough that who may read what is found out in a moment."""
RETRIES = (0.0, 60.0, 300.0)
"""Seconds that Slack waits before it delivers again, as it documents them."""
STOP, SEARCHING = "stop", "Searching the docs…"
ENDS = frozenset({"why", "again", "ask_person"})
"""Buttons that stand under what is finished, and under nothing else."""


@dataclass(slots=True)
class Asked:
    """A question, where it stands, and what was seen of its answer: moments by a clock that never jumps."""

    canary: str
    fact: Fact
    person: str
    channel: str
    ts: str
    at: float
    acknowledged_at: float | None = None
    first_at: float | None = None
    """When something of ours stood in the thread."""
    ended_at: float | None = None
    """When what stands there was finished."""
    posts: set[str] = field(default_factory=set[str])
    """Every message of ours that ever stood there."""

    @property
    def id(self) -> str:
        """The end of the question's id in the bot's records."""
        return f"{self.channel}:{self.ts}"


class SlackSide(Playground):
    """A Slack with many channels and people, whose retries come `scale` times as fast as Slack's."""

    def __init__(self, *, scale: float, port: int = 0, rate_limits: bool = False, ack_within: float = 3.0) -> None:
        people = [_person(n) for n in range(ROOMS * EACH)]
        channels = [_channel(n, people[n * EACH : (n + 1) * EACH]) for n in range(ROOMS)]
        super().__init__(
            port,
            people=people,
            channels=channels,
            usergroups=(),
            rate_limits=rate_limits,
            ack_within=ack_within,
            retry_delays=tuple(delay / scale for delay in RETRIES),
        )
        self.asked: dict[tuple[str, str], Asked] = {}
        """By channel and timestamp."""
        self._numbers = itertools.count(1)
        self.workspace.watchers.append(self._seen)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def ask(self, canary: str, *, person: str | None = None, channel: str | None = None) -> Asked:
        """Put one question by a mention; the next person in turn asks in the next channel."""
        number = next(self._numbers)
        room = channel or f"room-{number % ROOMS}"
        who = person or f"p{number % ROOMS * EACH + number // ROOMS % EACH:02d}"
        fact = FACTS[number % len(FACTS)]
        at = time.monotonic()
        ts = await self.say(who, room, f"<@bot> {fact.question} ({canary})")
        asked = Asked(canary, fact, who, self.workspace.room(room).id, ts, at)
        self.asked[asked.channel, ts] = asked
        return asked

    # --- seeing -----------------------------------------------------------------------------------------------------

    def answers(self, asked: Asked) -> list[Message]:
        """What stands of ours in the thread of a question, seen by everybody."""
        return self.answers_in(asked.channel, asked.ts)

    def answers_in(self, room: str, root: str) -> list[Message]:
        """The same, of any thread."""
        replies = self.workspace.room(room).replies(root)
        return [message for message in replies if message.user == self.bot_user_id and not message.ephemeral_to]

    def alone(self, asked: Asked) -> list[Message]:
        """What one person alone was told beside a question."""
        return [m for m in self.workspace.room(asked.channel).ephemeral.values() if m.thread_ts == asked.ts]

    def ended(self, asked: Asked) -> bool:
        """Whether something finished stands there."""
        return any(is_finished(message) for message in self.answers(asked))

    def delivery(self, asked: Asked) -> Delivery | None:
        """What became of the mention's event."""
        for delivery in reversed(self.deliveries):
            event: Mapping[str, object] = delivery.payload.get("event") or {}
            if event.get("type") == "app_mention" and event.get("ts") == asked.ts:
                return delivery
        return None

    def forget_calls(self) -> None:
        """Keep no list of what was called: a long run would fill the memory."""
        self.calls.clear()
        self.deliveries[:] = [one for one in self.deliveries if not (one.acknowledged or one.given_up)]

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._api.faults.ordered.clear()

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """One attempt; a question is the bot's from its first acknowledgement on."""
        answer = await super().deliver(attempt, within=within)
        event: Mapping[str, str] = attempt.payload.get("event") or {}
        asked = self.asked.get((event.get("channel", ""), event.get("ts", "")))
        if asked is not None:
            asked.acknowledged_at = asked.acknowledged_at or time.monotonic()
        return answer

    def _seen(self, change: Change) -> None:
        message = change.of
        if (
            change.kind != "message"
            or not isinstance(message, Message)
            or message.user != self.bot_user_id
            or message.thread_ts is None
        ):
            return
        asked = self.asked.get((message.channel, message.thread_ts))
        if asked is None:
            return
        now = time.monotonic()
        asked.first_at = asked.first_at or now
        if message.ephemeral_to is None:
            asked.posts.add(message.ts)
            if asked.ended_at is None and is_finished(message):
                asked.ended_at = now


def is_finished(message: Message) -> bool:
    """Whether a message of ours is an end: it grows no more, and nothing is promised."""
    return not message.is_streaming and not message.tombstone and bool(ENDS & message.buttons.keys())


def is_answer(message: Message) -> bool:
    """Whether it answers, by the button that explains it."""
    return "why" in message.buttons


def _person(number: int) -> Person:
    return Person(f"p{number:02d}", f"Person {number}", f"U07PERSON{number:02d}", f"p{number}@playground.example")


def _channel(number: int, people: Sequence[Person]) -> Channel:
    return Channel(f"room-{number}", f"C07ROOM{number:04d}", (*(person.name for person in people), BOT))
