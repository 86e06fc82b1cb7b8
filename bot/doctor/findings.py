"""What a look at an installation comes to: a finding, a check that finds, and all that was found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.errors import FootnoteError
from bot.gate import label
from bot.logs import HIDDEN, SECRET

DEADLINE = 5.0
"""Seconds that one check may take."""
LONGEST = 400
"""Characters of what a finding says."""

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found there, and what to do about it (empty where all is well)."""

    level: Level
    name: str
    said: str
    remedy: str = ""


Findings: TypeAlias = "Sequence[Finding] | None"
"""What a check found; None when it could not look, because of something that another check speaks of."""
Look: TypeAlias = Callable[[], Awaitable[Findings]]


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one thing, worth taking once the checks that it `needs` have found no error."""

    name: str
    look: Look
    needs: tuple[str, ...] = ()
    deadline: float = DEADLINE


@dataclass(frozen=True, slots=True)
class Found:
    """All findings, in the order of the checks, and the names of checks that could not be carried out."""

    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...]

    def count(self, level: Level) -> int:
        """How many findings are of a level."""
        return sum(finding.level == level for finding in self.findings)


def ok(name: str, said: str) -> list[Finding]:
    """All is well."""
    return [Finding("ok", name, tidy(said))]


def warning(name: str, said: str, remedy: str) -> list[Finding]:
    """The bot works, but not as well as it could, or not for long."""
    return [Finding("warning", name, tidy(said), tidy(remedy))]


def error(name: str, said: str, remedy: str) -> list[Finding]:
    """The bot, or a part of it, does not work."""
    return [Finding("error", name, tidy(said), tidy(remedy))]


def tidy(text: str) -> str:
    """One line of bounded length, without control characters, and without whatever looks like a secret."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in SECRET.sub(HIDDEN, text)).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def named(text: object) -> str:
    """A name that somebody else chose, fit for a terminal."""
    return label(str(text), limit=60)


def of_error(name: str, reason: FootnoteError) -> list[Finding]:
    """An error of ours: what stands after the last semicolon is what to do."""
    said, _, remedy = str(reason).rpartition("; ")
    return error(name, said or remedy, remedy if said else "see docs/guide/operations.md")


async def look_at(checks: Sequence[Check], *, on_done: Callable[[int, int], None]) -> Found:
    """Carry out all checks, side by side, each within its deadline; one that breaks is a finding like any other.

    `on_done` is told how many are done, and of how many.
    """
    tasks: dict[str, asyncio.Task[Findings]] = {}
    for check in checks:
        before = [tasks[name] for name in check.needs if name in tasks]
        tasks[check.name] = asyncio.create_task(_look(check, before))
    try:
        pending = set(tasks.values())
        while pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            on_done(len(tasks) - len(pending), len(tasks))
    finally:
        for task in tasks.values():
            task.cancel()
    results = {name: _result(name, task) for name, task in tasks.items()}
    findings = tuple(finding for result in results.values() for finding in result or ())
    return Found(findings, tuple(name for name, result in results.items() if result is None))


async def _look(check: Check, before: Sequence[asyncio.Task[Findings]]) -> Findings:
    if before:
        await asyncio.wait(before)
    if not all(map(_is_sound, before)):
        return None
    try:
        async with asyncio.timeout(check.deadline):
            return await check.look()
    except TimeoutError:
        return error(
            check.name, f"no answer within {check.deadline:g} s", "wait a minute and run footnote doctor again"
        )
    except FootnoteError as reason:
        return of_error(check.name, reason)


def _is_sound(task: asyncio.Task[Findings]) -> bool:
    found = None if task.exception() else task.result()
    return found is not None and not any(finding.level == "error" for finding in found)


def _result(name: str, task: asyncio.Task[Findings]) -> Findings:
    broken = task.exception()
    if broken is None:
        return task.result()
    return error(name, f"the check itself broke ({type(broken).__name__})", "report it, with this line")
