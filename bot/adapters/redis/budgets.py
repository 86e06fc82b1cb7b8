"""What was asked and spent of late: questions in sorted sets by their moment, dollars and refusals in one hash a day.

A set holds no more than its limit, for what is turned away is not in it. Everything of one workspace lies together, so
that one script can look at all of it and count in the same step.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeGuard, get_args

from bot.adapters.redis.link import Link, Script
from bot.budgets import LINES, Exceeded, Limits, Scope, Today
from bot.models import Question

SCOPES: tuple[Scope, ...] = get_args(Scope)


class RedisBudgets:
    """The `Budgets` port. The server's clock counts, unless `now` says what time it is."""

    def __init__(self, link: Link, *, now: Callable[[], datetime] | None = None) -> None:
        self._link = link
        self._now = now
        self._take, self._spend, self._today = (Script.load(name) for name in ("take", "spend", "today"))

    async def take(self, question: Question, *, limits: Limits) -> Exceeded | None:
        """Count the question, or say what it exceeds; see the port."""
        person, key = question.asker, question.conversation
        keys = [
            self._key(question, "said", question.id, question.version),
            self._key(question, "person", person),
            self._key(question, "channel", key.channel),
            self._key(question, "workspace"),
            self._key(question, "day"),
            self._key(question, "lines", person, key.channel),
        ]
        lines = 0 if question.addressed == "overheard" else LINES
        words = (self._moment(), f"{question.id}/{question.version}", person, lines, *_in_order(limits, question))
        told = await self._link.run(self._take, keys, words)
        if not told:
            return None
        scope, left, line = told
        named = scope.decode()
        return Exceeded(named if _is_scope(named) else "person_day", left / 1000, line)

    async def spend(self, question: Question, *, dollars: float) -> None:
        """Add what a try of the question has cost; see the port."""
        words = (self._moment(), question.asker, dollars)
        await self._link.run(self._spend, [self._key(question, "day")], words)

    async def today(self, workspace: str) -> Today:
        """What the day has cost so far, and what was turned away; see the port."""
        raw: list[bytes] = await self._link.run(self._today, [self._of(workspace, "day")], (self._moment(),))
        known = {name.decode(): value for name, value in zip(raw[::2], raw[1::2], strict=True)}
        people = {
            name.removeprefix("person/"): int(count) for name, count in known.items() if name.startswith("person/")
        }
        away: dict[Scope, int] = {scope: int(known[f"away/{scope}"]) for scope in SCOPES if f"away/{scope}" in known}
        return Today(float(known.get("dollars", 0)), away, people)

    def _key(self, question: Question, *parts: str) -> str:
        return self._of(question.conversation.workspace, *parts)

    def _of(self, workspace: str, *parts: str) -> str:
        return self._link.key(*parts, of=("budget", workspace))

    def _moment(self) -> str | int:
        return round(self._now().timestamp() * 1000) if self._now else ""


def _in_order(limits: Limits, question: Question) -> list[float]:
    """The limits that the question is under, as the script takes them."""
    direct = question.private and not question.reply_url
    return [0 if direct and scope == "channel_day" else getattr(limits, scope) for scope in SCOPES]


def _is_scope(name: str) -> TypeGuard[Scope]:
    return name in SCOPES
