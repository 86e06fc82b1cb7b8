"""The Directory port over Slack's Web API: who people are, and who reads what is said where."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from bot import permissions
from bot.errors import Refused
from bot.models import Audience, Question
from bot.permissions import CLOSE_LOOK, NOBODY, Channel, Person
from handlers.calls import Calls
from handlers.fresh import Fresh

PLACE_LIFETIME = 60.0
"""Seconds for which members of a channel, its kind, and user groups are believed."""
PERSON_LIFETIME = 300.0
"""Seconds for which an account's standing (member, guest, deactivated) is believed."""
PAGE = 999
"""Accounts, or ids of members, asked for at a time: the most that Slack gives. Its pages are few per minute."""
AT_ONCE = 8
"""Accounts looked up at the same time."""

_ACCOUNT = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|([UW][A-Z0-9]+)")
_EMAIL = re.compile(r"[^@\s<>|]{1,64}@[^@\s<>|]{1,255}")

Found = TypeVar("Found")


@dataclass(slots=True)
class SlackDirectory:
    """Looks people and channels up, and believes what it found for a limited time.

    Whatever Slack refuses to tell counts as unknown, and unknown holds nothing. `clock` counts seconds, from anywhere;
    `admins` are ids of people who administer the bot though not the workspace.
    """

    call: Calls
    workspace: str
    bot_user: str
    clock: Callable[[], float]
    admins: frozenset[str] = frozenset()
    _channels: Fresh[str, Channel] = field(init=False)
    _members: Fresh[str, frozenset[str]] = field(init=False)
    _groups: Fresh[str, Mapping[str, frozenset[str]]] = field(init=False)
    _people: Fresh[str, Person] = field(init=False)
    _listing: Fresh[str, bool] = field(init=False)
    _administer: Fresh[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._channels = Fresh(PLACE_LIFETIME, self.clock)
        self._members = Fresh(PLACE_LIFETIME, self.clock)
        self._groups = Fresh(PLACE_LIFETIME, self.clock)
        self._people = Fresh(PERSON_LIFETIME, self.clock)
        self._listing = Fresh(PERSON_LIFETIME, self.clock)
        self._administer = Fresh(PERSON_LIFETIME, self.clock)

    async def audience(self, question: Question) -> Audience:
        """Everybody who will see a reply to `question`; see the port."""
        if question.private:
            return await self.reader(question.asker)
        return await self._readers(question.conversation.channel, asker=question.asker)

    async def reader(self, person: str) -> Audience:
        """One person alone; see the port."""
        return await self._seen_by(Channel("direct"), {person})

    async def readers(self, channel: str) -> Audience:
        """Everybody who reads what is said in a channel; see the port."""
        return await self._readers(channel)

    async def _readers(self, where: str, *, asker: str | None = None) -> Audience:
        """Who reads `where`: in a direct message whoever asks there, everywhere else its members."""
        channel = await self._known(self._channels.get(where, lambda: self._channel(where)))
        if channel is None or channel.shared:
            return NOBODY
        if channel.kind == "direct" and asker:
            return await self._seen_by(channel, {asker})
        members = await self._known(self._members.get(where, lambda: self._members_of(where)))
        return await self._seen_by(channel, members or ())

    async def may_ask(self, question: Question) -> bool:
        """Whether the asker is a member of this workspace; see the port."""
        return self._is_member(await self._person(question.asker))

    async def is_admin(self, person: str) -> bool:
        """Whether the person administers the workspace, or the bot; see the port."""
        if person in self.admins:
            return True
        return bool(await self._known(self._administer.get(person, lambda: self._administers(person))))

    async def person_called(self, name: str) -> str | None:
        """The id of a member by e-mail address, id or mention of it; see the port."""
        name = name.strip()
        if account := _ACCOUNT.fullmatch(name):
            person = await self._person(account[1] or account[2])
        elif _EMAIL.fullmatch(name):
            person = await self._known(self._person_at(name))
        else:
            return None
        return person.id if person and self._is_member(person) else None

    async def members_among(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the accounts that belong to members of this workspace. Raises `SlackUnavailable`."""
        people = await self._persons(sorted(set(ids) - {self.bot_user}))
        return frozenset(person.id for person in people if person and self._is_member(person))

    def _is_member(self, person: Person | None) -> bool:
        return person is not None and permissions.is_member(person, workspace=self.workspace)

    async def _seen_by(self, channel: Channel, readers: Iterable[str]) -> Audience:
        people = await self._persons(sorted(set(readers) - {self.bot_user}))
        groups = await self._groups.get("", self._usergroups)
        present = [person and replace(person, groups=groups.get(person.id, frozenset())) for person in people]
        return permissions.audience(channel, present, workspace=self.workspace)

    # --- people -----------------------------------------------------------------------------------------------------

    async def _persons(self, ids: Sequence[str]) -> list[Person | None]:
        """What is known of each; a crowd is read from the workspace's list, a few are looked up one by one."""
        known = self._remembered(ids)
        if len(ids) - len(known) > CLOSE_LOOK:
            await self._known(self._listing.get("", self._list_everybody))
            known = self._remembered(ids) | known
        unknown = [person for person in ids if person not in known][:CLOSE_LOOK]
        turns = asyncio.Semaphore(AT_ONCE)
        found = await asyncio.gather(*(self._look_up(person, turns) for person in unknown))
        known |= {person.id: person for person in found if person}
        return [known.get(person) for person in ids]

    def _remembered(self, ids: Sequence[str]) -> dict[str, Person]:
        return {person.id: person for key in ids if (person := self._people.peek(key))}

    async def _look_up(self, person: str, turns: asyncio.Semaphore) -> Person | None:
        async with turns:
            return await self._person(person)

    async def _person(self, person: str) -> Person | None:
        return await self._known(self._people.get(person, lambda: self._account(person)))

    async def _account(self, person: str) -> Person:
        return _person((await self.call("users.info", repeatable=True, user=person))["user"])

    async def _administers(self, person: str) -> bool:
        """Whether this is a member whom Slack calls an admin or an owner: a stranger is one elsewhere at most."""
        account = (await self.call("users.info", repeatable=True, user=person))["user"]
        return self._is_member(_person(account)) and bool(account.get("is_admin") or account.get("is_owner"))

    async def _person_at(self, email: str) -> Person:
        return _person((await self.call("users.lookupByEmail", repeatable=True, email=email))["user"])

    async def _list_everybody(self) -> bool:
        asked_at = self.clock()
        async for page in self.call.pages("users.list", limit=PAGE):
            self._people.keep({account["id"]: _person(account) for account in page["members"]}, asked_at=asked_at)
        return True

    # --- places -----------------------------------------------------------------------------------------------------

    async def _channel(self, channel: str) -> Channel:
        return _channel((await self.call("conversations.info", repeatable=True, channel=channel))["channel"])

    async def _members_of(self, channel: str) -> frozenset[str]:
        pages = self.call.pages("conversations.members", channel=channel, limit=PAGE)
        return frozenset([member async for page in pages for member in page["members"]])

    async def _usergroups(self) -> Mapping[str, frozenset[str]]:
        """Handles of the groups that list each account; none where the workspace has no user groups."""
        said = await self._known(self.call("usergroups.list", repeatable=True, include_users=True)) or {}
        held: dict[str, frozenset[str]] = {}
        for group in said.get("usergroups", ()):
            if not group.get("date_delete") and not group.get("is_external"):
                for person in group.get("users") or ():
                    held[person] = held.get(person, frozenset()) | {group["handle"]}
        return held

    async def _known(self, looked_up: Awaitable[Found]) -> Found | None:
        """What was found; None where Slack will not tell, now or later."""
        try:
            return await looked_up
        except Refused as refusal:
            structlog.get_logger().warning("directory_unknown", reason=str(refusal))
            return None


def _person(account: Mapping[str, Any]) -> Person:
    """An account as Slack describes it; what is not said counts against it."""
    grid: Mapping[str, Any] = account.get("enterprise_user") or {}
    return Person(
        id=account["id"],
        workspaces=frozenset([account.get("team_id") or "", *(grid.get("teams") or ())]),
        deactivated=bool(account.get("deleted")),
        guest=bool(account.get("is_restricted", True) or account.get("is_ultra_restricted", True)),
        stranger=bool(account.get("is_stranger")),
        bot=bool(account.get("is_bot") or account.get("is_workflow_bot") or account["id"] == "USLACKBOT"),
    )


def _channel(described: Mapping[str, Any]) -> Channel:
    """A conversation as Slack describes it. One shared between workspaces of one company is not another company's."""
    shared = described.get("is_ext_shared") or described.get("is_pending_ext_shared") or described.get("pending_shared")
    elsewhere = described.get("is_shared") and not described.get("is_org_shared")
    if described.get("is_im"):
        return Channel("direct", shared=bool(shared or elsewhere))
    if described.get("is_mpim"):
        return Channel("group", shared=bool(shared or elsewhere))
    return Channel("private" if described.get("is_private") else "public", shared=bool(shared or elsewhere))
