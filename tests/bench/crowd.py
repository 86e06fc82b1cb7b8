"""A workspace with enough people to ask many questions at once: of one person ten are done at a time.

Nobody there has a budget, so that what is measured is the bot and not what it declines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypedDict

from bot.playground.cast import CHANNELS, PEOPLE, Channel, Person

CROWD: Final = tuple(Person(f"p{n:02d}", f"Person {n}", f"U07CROWD{n:02d}") for n in range(40))
"""Together with those who are there already fewer than 51, so that who may read what is found out one by one."""
NO_BUDGETS: Final = {
    f"FOOTNOTE_{name}": "0"
    for name in (
        "PERSON_PER_MINUTE",
        "PERSON_PER_DAY",
        "CHANNEL_PER_DAY",
        "WORKSPACE_PER_DAY",
        "PERSON_DOLLARS",
        "WORKSPACE_DOLLARS",
    )
}


class Cast(TypedDict):
    """What `Playground` takes for who is there."""

    people: tuple[Person, ...]
    channels: tuple[Channel, ...]


def asker(number: int) -> str:
    """Who asks the question of this number."""
    return CROWD[number % len(CROWD)].name


def crowded() -> Cast:
    """The usual people and channels, and all of the crowd in the first channel."""
    first, *others = CHANNELS
    members = (*first.members, *(person.name for person in CROWD))
    return {"people": (*PEOPLE, *CROWD), "channels": (replace(first, members=members), *others)}
