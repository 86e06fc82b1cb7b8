"""Who may read what: facts about people and channels in, principals and audiences out; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.models import EVERYONE, Audience, Principal

CLOSE_LOOK = 50
"""Members up to which a channel's readers are looked at one by one; a larger channel gets what is for everyone."""

NOBODY = Audience(frozenset())
"""The audience to which nothing may be shown."""

_NOTHING: frozenset[Principal] = frozenset()
_ANY_MEMBER = frozenset({EVERYONE})


@dataclass(frozen=True, slots=True)
class Person:
    """What the workspace says about an account. `groups` are the handles of the user groups that list it by name."""

    id: str
    workspaces: frozenset[str]
    deactivated: bool = False
    guest: bool = False
    stranger: bool = False
    bot: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Channel:
    """What matters about a place: its kind, and whether another company reads it (or has been invited to)."""

    kind: Literal["direct", "group", "private", "public"]
    shared: bool = False


def is_member(person: Person, *, workspace: str) -> bool:
    """Whether this is a person who belongs to the workspace: not a guest, a stranger, a bot or deactivated."""
    return _belongs(person, workspace) and not (person.guest or person.bot)


def holds(person: Person, *, workspace: str) -> frozenset[Principal]:
    """The principals of an account; none for whoever does not belong to the workspace.

    A guest holds itself and the groups that list it, never `everyone`. A bot is an application that the workspace's
    admins let in: it holds `everyone` and itself, and no group.
    """
    if not _belongs(person, workspace):
        return _NOTHING
    own = {Principal("user", person.id)}
    if not person.bot:
        own |= {Principal("group", group) for group in person.groups}
    return frozenset(own) if person.guest else frozenset(own | _ANY_MEMBER)


def audience(channel: Channel, readers: Iterable[Person | None], *, workspace: str) -> Audience:
    """Everybody who will see what is said in `channel`, given every member of it (the asker, where it is direct).

    A reader about whom nothing is known (None) holds nothing; a deactivated one does not read. What is said in a
    public channel can be found by every member of the workspace, whoever has joined it, so that one more reader who
    holds `everyone` alone stands for them.
    """
    present = [reader for reader in readers if reader is None or not reader.deactivated]
    if channel.shared or not present:
        return NOBODY
    held = {holds(reader, workspace=workspace) if reader else _NOTHING for reader in present}
    if len(present) > CLOSE_LOOK:
        held = {principals & _ANY_MEMBER for principals in held}
    if channel.kind == "public":
        held.add(_ANY_MEMBER)
    return Audience(frozenset(held))


def _belongs(person: Person, workspace: str) -> bool:
    return workspace in person.workspaces and not (person.deactivated or person.stranger)
