"""What became of each question, read from what people see, from the bot's records, and from the model's bill."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.records import AnswerRecord, State
from tests.kills.slack_side import Asked, SlackSide, is_answer, is_finished
from tests.kills.tally import Tally
from tests.standins.cohere import CohereStandIn

STORED = frozenset({State.ANSWERED, State.DELIVERED})


@dataclass(slots=True)
class Bill:
    """How often the model was asked about each question, and which had an answer stored at some moment."""

    cohere: CohereStandIn
    _stored: dict[str, int] = field(default_factory=dict[str, int])
    """By canary: the calls there had been when its answer was known to be stored."""

    def calls(self) -> Counter[str]:
        """Calls so far, by the words between the last brackets of the question."""
        asked = (str(body["messages"][-1]["content"]) for body in self.cohere.bodies("/chat"))
        return Counter(words.rpartition("(")[2].partition(")")[0] for words in asked)

    def note(self, stored: Sequence[Asked]) -> None:
        """The answers to these are stored by now: nobody may ask the model about them again."""
        calls = self.calls()
        for asked in stored:
            self._stored.setdefault(asked.canary, calls[asked.canary])

    def again(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those about which it was asked all the same."""
        calls = self.calls()
        return [one for one in asked if calls[one.canary] > self._stored.get(one.canary, 1_000_000)]


def stored(asked: Sequence[Asked], records: Sequence[AnswerRecord]) -> list[Asked]:
    """The questions whose answers are stored."""
    having = {(r.question.conversation.channel, r.question.message) for r in records if r.state in STORED and r.answer}
    return [one for one in asked if (one.channel, one.ts) in having]


@dataclass(slots=True)
class Judge:
    """Looks at threads; `silent` seconds without anything visible are too many."""

    slack: SlackSide
    silent: float

    def judge(self, asked: Sequence[Asked]) -> Tally:
        """What became of each, now."""
        tally = Tally()
        for one in asked:
            tally.count("questions")
            self._seen(one, tally)
        return tally

    def _seen(self, one: Asked, tally: Tally) -> None:
        standing = self.slack.answers(one)
        finished = [message for message in standing if is_finished(message)]
        if not finished:
            tally.fault("lost", f"{one.canary}: {self._delivered(one)}, {[m.visible_text[:60] for m in standing]}")
        if len(one.posts) > 1:
            tally.fault("twice", f"{one.canary}: {len(one.posts)} messages, {len(standing)} stand")
        if len(standing) > len(finished) or self._at_work(one):
            tally.fault("stuck", f"{one.canary}: {[m.visible_text[:60] for m in standing]}")
        for message in finished[:1]:
            self._read(one, message.visible_text, answers=is_answer(message), tally=tally)
        self._timed(one, tally)

    def _read(self, one: Asked, text: str, *, answers: bool, tally: Tally) -> None:
        tally.count("answered" if answers else "apologised" if "logged as" in text else "declined")
        if answers and not one.fact.told_in(text):
            tally.fault("wrong", f"{one.canary}: {text[:80]!r} does not tell {one.fact.chairs}")

    def _timed(self, one: Asked, tally: Tally) -> None:
        waited = (one.first_at or time.monotonic()) - (one.acknowledged_at or time.monotonic())
        if waited > self.silent:
            tally.fault("silent", f"{one.canary}: nothing for {waited:.1f} s; {self._delivered(one)}")
        if one.first_at:
            tally.sample("first", one.first_at - one.at)
        if one.ended_at:
            tally.sample("ended", one.ended_at - one.at)

    def _at_work(self, one: Asked) -> bool:
        session = self.slack.session(one.channel, one.ts)
        return session is not None and session.status == "processing"

    def _delivered(self, one: Asked) -> str:
        delivery = self.slack.delivery(one)
        if delivery is None:
            return "its event is forgotten"
        words = "acknowledged" if delivery.acknowledged else "given up" if delivery.given_up else "not acknowledged"
        return f"{words} after {delivery.attempts} attempts {delivery.failures}"
