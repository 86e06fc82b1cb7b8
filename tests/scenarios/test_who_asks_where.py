"""Six kinds of people in five kinds of conversations, by every way in: members are answered, all others are told so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import pytest

from bot.adapters.redis.client import Link
from bot.answering.pipeline import NOT_FOR_EVERYONE_HERE
from bot.answering.respond import MEMBERS_ONLY
from bot.playground import BOT, Channel, Person
from bot.playground.cast import PersonKind
from handlers.buttons import Action
from tests.scenarios.small import LUNCH, Small, small

ANA = Person("ana", "Ana", "U07ANARBRO1")
KINDS: tuple[PersonKind, ...] = ("member", "guest", "single_channel_guest", "stranger", "deactivated", "bot")
PLACES: Mapping[str, Channel] = {
    "public": Channel("public", "C07PUBLIC01", ("ana", "pat", BOT)),
    "private": Channel("private", "C07PRIVATE1", ("ana", "pat", BOT), kind="private"),
    "another company's too": Channel("shared", "C07SHARED01", ("ana", "pat", BOT), sharing="external"),
    "all of the organisation's": Channel("org", "C07ORGANIS1", ("ana", "pat", BOT), sharing="organisation"),
}
DIRECT = "dm-pat"
NOBODY_THERE: tuple[PersonKind, ...] = ("deactivated", "bot")
"""Who has no direct messages with us."""
CELLS = [(kind, place) for kind in KINDS for place in (*PLACES, "direct") if (kind, place) not in {
    (kind, "direct") for kind in NOBODY_THERE
}]  # fmt: skip

ANSWER = "Lunch is served at noon. [1]"
Asks: TypeAlias = Callable[[Small, str], Awaitable[None]]


async def mention(desk: Small, channel: str) -> None:
    """Ask everybody there."""
    await desk.slack.say("pat", channel, f"<@bot> {LUNCH}")


async def command(desk: Small, channel: str) -> None:
    """Ask alone."""
    await desk.slack.command("pat", channel, "/search", LUNCH)


async def shortcut(desk: Small, channel: str) -> None:
    """Have a message answered alone."""
    ts = await desk.slack.say("pat", channel, LUNCH)
    await desk.done()
    await desk.slack.message_shortcut("pat", channel, ts, "answer_this")
    form = desk.slack.modal("pat")
    assert form is not None
    await desk.slack.submit(form.id, {"where": "me"})


async def button(desk: Small, channel: str) -> None:
    """Ask for more passages."""
    ts = await desk.button(channel, Action.MORE_PASSAGES, desk.seal.close(Action.MORE_PASSAGES, LUNCH, "0"))
    await desk.slack.click("pat", channel, ts, Action.MORE_PASSAGES)


WAYS: Mapping[str, tuple[Asks, str]] = {
    "mention": (mention, ANSWER),
    "command": (command, "Passages for “lunch is served at noon”"),
    "shortcut": (shortcut, ANSWER),
    "button": (button, "Passages for “lunch is served at noon”"),
}


@pytest.mark.parametrize(("kind", "place"), CELLS)
@pytest.mark.parametrize("way", WAYS)
async def test_who_is_answered_where(link: Link, kind: PersonKind, place: str, way: str) -> None:
    """One line to whoever asks: what they may read, or that we answer members."""
    people = (ANA, Person("pat", "Pat", "U07PATPAT02", kind=kind))
    async with small(link, people=people, channels=tuple(PLACES.values())) as desk:
        desk.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
        channel = PLACES[place].name if place in PLACES else DIRECT
        asks, answer = WAYS[way]
        await asks(desk, channel)
        await desk.done()
        words = [line.partition(": ")[2] for line in desk.said() if not line.endswith(": Press")]
        shared = place == "another company's too" and way == "mention"
        expected = MEMBERS_ONLY if kind != "member" else NOT_FOR_EVERYONE_HERE if shared else answer
        assert words, "silence"
        assert words[-1 if not shared else 0].startswith(expected), words
        assert not any("Lunch" in line for line in words) or kind == "member"
