"""The Directory port, held against a Slack on loopback: who is what, and who reads what."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.errors import SlackUnavailable
from bot.models import EVERYONE, Audience, ConversationKey, Principal, Question
from bot.permissions import CLOSE_LOOK
from bot.playground import BOT, Channel, Person, Playground, Usergroup
from bot.playground.cast import PersonKind, Sharing
from bot.ports.slack import Directory
from handlers.calls import Calls, open_client
from handlers.directory import SlackDirectory
from handlers.pace import Pace
from tests.nouns import a_question

HR = Principal("group", "hr")
ANA = Person("ana", "Ana", "U0ANA")
BEN = Person("ben", "Ben", "U0BEN")
SAL = Person("sal", "Sal", "U0SAL")
GROUPS = (Usergroup("hr", "HR", "S0HR", ("ana", "sal")), Usergroup("old", "Old", "S0OLD", ("ana",), disabled=True))
PRIVATE = Channel("den", "C0DEN", ("ana", "sal", BOT), kind="private")
KINDS: Sequence[PersonKind] = ("member", "guest", "single_channel_guest", "stranger", "deactivated", "bot")
OPEN_TO_MEMBERS = frozenset({"everyone", "hr"})
SHARINGS: Sequence[Sharing] = ("external", "pending")


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A directory, and the Slack that it looks into."""

    def __init__(self, slack: Playground, directory: Directory, clock: Seconds) -> None:
        self.slack = slack
        self.directory = directory
        self.clock = clock

    def question(self, *, asker: str = "ana", channel: str = "den", private: bool = False) -> Question:
        key = ConversationKey(self.slack.team_id, self.slack.id_of(channel), "1.000100")
        return replace(a_question(asker=self.slack.id_of(asker), private=private), conversation=key)

    async def audience(self, *, asker: str = "ana", channel: str = "den", private: bool = False) -> Audience:
        return await self.directory.audience(self.question(asker=asker, channel=channel, private=private))

    async def usable(self, *, asker: str = "ana", channel: str = "den", private: bool = False) -> frozenset[str]:
        return usable_by(await self.audience(asker=asker, channel=channel, private=private))

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)


def usable_by(seen_by: Audience) -> frozenset[str]:
    documents = {"everyone": EVERYONE, "hr": HR, "sal": Principal("user", "U0SAL")}
    return frozenset(name for name, principal in documents.items() if seen_by.may_read([principal]))


@asynccontextmanager
async def world(
    *,
    people: Sequence[Person] = (ANA, BEN, SAL),
    channels: Sequence[Channel] = (PRIVATE,),
    patience: float = 20.0,
    most_pages: int = 200,
    admins: frozenset[str] = frozenset(),
) -> AsyncGenerator[World]:
    clock = Seconds()

    async def pass_time(seconds: float) -> None:
        clock.now += seconds

    names = {person.name for person in people}
    groups = [replace(group, members=tuple(names.intersection(group.members))) for group in GROUPS]
    async with (
        Playground(people=people, channels=channels, usergroups=groups) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        pace = Pace({}, clock=clock, sleep=pass_time)
        calls = Calls(client, patience=patience, most_pages=most_pages, pace=pace)
        team, bot = slack.team_id, slack.bot_user_id
        yield World(slack, SlackDirectory(calls, workspace=team, bot_user=bot, clock=clock, admins=admins), clock)


# --- who is what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_only_members_may_ask(kind: PersonKind) -> None:
    """Both sorts of guests, strangers, deactivated people and bots are told apart from members."""
    async with world(people=(ANA, replace(SAL, kind=kind))) as here:
        assert await here.directory.may_ask(here.question(asker="sal")) == (kind == "member")


async def test_somebody_slack_does_not_know_may_not_ask() -> None:
    """An unknown id is nobody, not a member."""
    async with world() as here:
        question = replace(here.question(), asker="U0NOBODY")
        assert not await here.directory.may_ask(question)
        assert await here.directory.audience(replace(question, private=True)) == Audience.of([])


@pytest.mark.parametrize(
    ("kind", "usable"),
    [
        ("member", {"everyone", "hr"}),
        ("guest", {"hr"}),
        ("single_channel_guest", {"hr"}),
        ("stranger", set[str]()),
        ("deactivated", {"everyone", "hr"}),
        ("bot", {"everyone"}),
    ],
)
async def test_a_private_channel_gets_what_all_its_members_may_read(kind: PersonKind, usable: set[str]) -> None:
    """Ana is a member in the group; what her neighbour holds decides the rest."""
    async with world(people=(ANA, replace(SAL, kind=kind))) as here:
        assert await here.usable() == usable


async def test_a_direct_message_is_read_by_the_asker_alone() -> None:
    """No channel is looked up for it: what the asker holds is all that counts."""
    async with world() as here:
        assert await here.usable(asker="sal", channel="dm-sal", private=True) == {"everyone", "hr", "sal"}
        assert await here.usable(asker="ben", channel="dm-ben", private=True) == {"everyone"}
        assert here.calls("conversations.members") == 0


async def test_our_own_bot_is_no_reader() -> None:
    """Otherwise no group's document could be shown anywhere."""
    async with world() as here:
        assert await here.usable() == OPEN_TO_MEMBERS


async def test_what_is_said_in_a_public_channel_can_be_found_by_every_member() -> None:
    """A group's documents stay out of it though everyone who joined is in the group."""
    async with world(channels=(replace(PRIVATE, kind="channel"),)) as here:
        assert await here.usable() == {"everyone"}


@pytest.mark.parametrize("sharing", SHARINGS)
async def test_a_channel_shared_with_another_company_gets_nothing(sharing: Sharing) -> None:
    """Not even while the other company has only been invited."""
    async with world(channels=(replace(PRIVATE, sharing=sharing),)) as here:
        assert await here.usable() == frozenset()
        assert here.calls("users.info") == 0


async def test_a_channel_shared_inside_the_company_counts_its_members() -> None:
    """Between workspaces of one organisation each reader is looked at."""
    async with world(channels=(replace(PRIVATE, sharing="organisation"),)) as here:
        assert await here.usable() == OPEN_TO_MEMBERS


async def test_one_person_alone_is_a_reader_without_a_question() -> None:
    """For a click: what that person holds, nothing for somebody unknown."""
    async with world(people=(ANA, BEN, replace(SAL, kind="guest"))) as here:
        assert usable_by(await here.directory.reader("U0ANA")) == {"everyone", "hr"}
        assert usable_by(await here.directory.reader("U0SAL")) == {"hr", "sal"}
        assert usable_by(await here.directory.reader("U0NOBODY")) == frozenset()


async def test_the_readers_of_a_channel_are_known_without_a_question() -> None:
    """Before an answer is shared: the same as for one that is asked there; of a direct message, the person in it."""
    async with world() as here:
        assert usable_by(await here.directory.readers("C0DEN")) == await here.usable() == OPEN_TO_MEMBERS
        assert usable_by(await here.directory.readers(here.slack.id_of("dm-ben"))) == {"everyone"}
        assert usable_by(await here.directory.readers("C0NOWHERE")) == frozenset()
    async with world(channels=(replace(PRIVATE, sharing="external"),)) as here:
        assert usable_by(await here.directory.readers("C0DEN")) == frozenset()


# --- who administers, and who is meant ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*KINDS, "admin", "owner"])
async def test_admins_and_owners_of_the_workspace_administer(kind: PersonKind) -> None:
    """Nobody else does."""
    async with world(people=(ANA, replace(SAL, kind=kind))) as here:
        assert await here.directory.is_admin("U0SAL") == (kind in ("admin", "owner"))


async def test_whoever_cannot_be_looked_up_administers_nothing() -> None:
    """Slack does not tell about everybody; an outage is said."""
    async with world(people=(replace(ANA, kind="admin"), BEN, SAL)) as here:
        here.slack.fail("users.info", "user_not_visible")
        assert not await here.directory.is_admin("U0ANA")
        here.slack.fail("users.info", "internal_error", status=500)
        with pytest.raises(SlackUnavailable):
            await here.directory.is_admin("U0ANA")
        assert await here.directory.is_admin("U0ANA")


async def test_the_bot_may_have_admins_of_its_own() -> None:
    """Whom the settings name administers it, without a call."""
    async with world(admins=frozenset({"U0BEN"})) as here:
        assert await here.directory.is_admin("U0BEN")
        assert here.calls("users.info") == 0
        assert not await here.directory.is_admin("U0ANA")


async def test_who_administers_is_believed_for_five_minutes() -> None:
    """Yes and no alike: opening the Home tab again asks nothing."""
    async with world() as here:
        assert not await here.directory.is_admin("U0ANA")
        assert not await here.directory.is_admin("U0ANA")
        assert here.calls("users.info") == 1
        here.clock.now += 300
        assert not await here.directory.is_admin("U0ANA")
        assert here.calls("users.info") == 2


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("U0ANA", "U0ANA"),
        ("<@U0ANA>", "U0ANA"),
        (" <@U0ANA|ana> ", "U0ANA"),
        ("ana@acme.example", "U0ANA"),
        ("nobody@acme.example", None),
        ("U0NOBODY", None),
        ("u0ana", None),
        ("@ana", None),
        ("Ana", None),
        ("People Ops", None),
        ("<!channel>", None),
        ("<!subteam^S0HR>", None),
        ("<@U0ANA> <@U0BEN>", None),
        ("sal@elsewhere.example", None),
        ("", None),
    ],
)
async def test_an_owner_is_found_by_what_names_nobody_else(name: str, person: str | None) -> None:
    """An id, a mention or an e-mail address of a member; names that two people may bear find nobody."""
    ana = replace(ANA, email="ana@acme.example")
    guest = replace(SAL, email="sal@elsewhere.example", kind="guest")
    async with world(people=(ana, BEN, guest)) as here:
        assert await here.directory.person_called(name) == person


# --- crowds ---------------------------------------------------------------------------------------------------------


def crowd(size: int, *others: Person) -> tuple[tuple[Person, ...], tuple[Channel, ...]]:
    people = (*(Person(f"p{n}", f"P{n}", f"U0P{n}") for n in range(size)), *others)
    return people, (Channel("hall", "C0HALL", (*(person.name for person in people), BOT)),)


async def test_a_crowd_is_read_from_the_list_of_the_workspace() -> None:
    """Hundreds of members cost a call or two, not one each."""
    people, channels = crowd(300)
    async with world(people=people, channels=channels) as here:
        assert await here.usable(asker="p1", channel="hall") == {"everyone"}
        assert here.calls("users.info") == 0
        assert here.calls("users.list") == 1


async def test_one_guest_in_a_crowd_is_found() -> None:
    """The list says of each who is a guest."""
    people, channels = crowd(300, replace(SAL, kind="guest"))
    async with world(people=people, channels=channels) as here:
        assert await here.usable(asker="p1", channel="hall") == frozenset()


async def test_a_long_list_of_members_is_read_to_its_end() -> None:
    """A guest on the second page of members, and of accounts, is a reader like the others."""
    people, channels = crowd(1_100, replace(SAL, kind="guest"))
    async with world(people=people, channels=channels) as here:
        assert await here.usable(asker="p1", channel="hall") == frozenset()
        assert here.calls("conversations.members") == 2
        assert here.calls("users.list") == 2


async def test_a_list_without_an_end_is_given_up() -> None:
    """Members who never come to an end are not known, and memory is not filled with them."""
    people, channels = crowd(1_100)
    async with world(people=people, channels=channels, most_pages=1) as here:
        with pytest.raises(SlackUnavailable, match=r"conversations\.members"):
            await here.audience(asker="p1", channel="hall")


async def test_a_few_are_looked_up_one_by_one() -> None:
    """A small channel of a large workspace does not read the whole workspace."""
    people, channels = crowd(CLOSE_LOOK)
    async with world(people=people, channels=channels) as here:
        assert await here.usable(asker="p1", channel="hall") == {"everyone"}
        assert here.calls("users.info") == CLOSE_LOOK
        assert here.calls("users.list") == 0


# --- time -----------------------------------------------------------------------------------------------------------


async def test_whoever_leaves_is_no_reader_a_minute_later() -> None:
    """The members of a channel are believed for a minute, so that a burst of questions asks Slack once."""
    async with world(channels=(replace(PRIVATE, members=("ana", "ben", "sal", BOT)),)) as here:
        assert await here.usable() == {"everyone"}
        await here.slack.leave("ben", "den")
        assert await here.usable() == {"everyone"}
        assert here.calls("conversations.members") == 1
        here.clock.now += 60
        assert await here.usable() == OPEN_TO_MEMBERS


async def test_whoever_joins_is_a_reader_a_minute_later() -> None:
    """What a newcomer may not read is closed as fast."""
    async with world(people=(ANA, BEN, SAL)) as here:
        assert await here.usable() == OPEN_TO_MEMBERS
        await here.slack.join("ben", "den")
        here.clock.now += 60
        assert await here.usable() == {"everyone"}


async def test_accounts_are_believed_for_five_minutes() -> None:
    """Within that time nobody is looked up twice, after it everybody is."""
    async with world() as here:
        await here.usable()
        here.clock.now += 299
        await here.usable()
        assert here.calls("users.info") == 2
        here.clock.now += 1
        await here.usable()
        assert here.calls("users.info") == 4


async def test_an_account_that_goes_stale_meanwhile_still_counts() -> None:
    """What was fresh when the question was looked at is not forgotten while Slack lets another call wait."""
    async with world() as here:
        await here.usable(asker="ana", channel="dm-ana", private=True)
        here.clock.now += 299
        here.slack.fail("users.info", retry_after=5)
        assert await here.usable() == OPEN_TO_MEMBERS


# --- when Slack does not say ----------------------------------------------------------------------------------------


async def test_a_channel_that_cannot_be_looked_up_gets_nothing() -> None:
    """Without the scope, or out of the channel, nobody is known to read, and so nothing is shown."""
    async with world() as here:
        here.slack.fail("conversations.info", "channel_not_found")
        assert await here.usable() == frozenset()
        here.slack.fail("conversations.members", "missing_scope")
        assert await here.usable() == frozenset()
        assert await here.usable() == OPEN_TO_MEMBERS


async def test_a_reader_who_cannot_be_looked_up_closes_the_channel() -> None:
    """One unknown reader is enough."""
    async with world() as here:
        here.slack.fail("users.info", "user_not_visible")
        assert await here.usable() == frozenset()


async def test_without_user_groups_people_still_hold_what_is_for_everyone() -> None:
    """A plan without user groups, or a missing scope, takes groups away and nothing else."""
    async with world() as here:
        here.slack.fail("usergroups.list", "missing_scope")
        assert await here.usable() == {"everyone"}


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members", "users.info", "usergroups.list"])
async def test_an_outage_is_said_and_not_taken_for_an_answer(method: str) -> None:
    """When Slack does not answer the question waits; it is neither answered nor declined."""
    async with world() as here:
        here.slack.fail(method, "internal_error", status=500)
        with pytest.raises(SlackUnavailable):
            await here.audience()
        assert await here.usable() == OPEN_TO_MEMBERS


async def test_a_rate_limit_is_waited_for() -> None:
    """Told to wait a second, it waits a second and goes on."""
    async with world() as here:
        here.slack.fail("conversations.members", retry_after=7)
        before = here.clock.now
        assert await here.usable() == OPEN_TO_MEMBERS
        assert here.clock.now == before + 7


async def test_a_long_rate_limit_is_handed_on() -> None:
    """Past its patience the caller is told how long Slack wants to be left alone."""
    async with world(patience=5) as here:
        here.slack.fail("conversations.members", retry_after=30)
        with pytest.raises(SlackUnavailable) as caught:
            await here.audience()
        assert caught.value.retry_after == 30
