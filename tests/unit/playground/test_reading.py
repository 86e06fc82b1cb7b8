"""What the bot can find out, through Slack's own client."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground import BOT, Channel, Person, Playground
from bot.playground.cast import SCOPES, PersonKind, Sharing
from tests.unit.playground.conftest import Caller, Client, client_of

GENERAL, ANA, GUS = "C07GENERAL1", "U07ANARBRO1", "U07GUSLIND3"


async def test_the_bot_learns_who_it_is(slack: Playground, client: Client) -> None:
    """`auth.test` names the workspace, the bot's user and its integration, and the granted scopes."""
    who = await client.auth_test()
    assert (who["team_id"], who["user_id"], who["bot_id"]) == (slack.team_id, slack.bot_user_id, slack.bot_id)
    assert who.headers["x-oauth-scopes"] == ",".join(sorted(SCOPES))


async def test_a_thread_is_read_page_by_page(slack: Playground, client: Client) -> None:
    """Oldest first, the root at the head of every page, each reply exactly once."""
    root = await slack.say("ana", "general", "one")
    replies = [await slack.say("ben", "general", f"reply {number}", thread_ts=root) for number in range(5)]
    found: list[str] = []
    cursor = ""
    pages = 0
    while True:
        page = await client.conversations_replies(channel=GENERAL, ts=root, limit=2, cursor=cursor)
        head, *rest = page["messages"]
        assert (head["ts"], head["reply_count"]) == (root, 5)
        found += [message["ts"] for message in rest]
        pages += 1
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
    assert (found, pages) == (replies, 3)


async def test_a_message_without_replies_is_a_thread_of_one(slack: Playground, client: Client) -> None:
    """`conversations.replies` of an ordinary message is that message."""
    root = await slack.say("ana", "general", "one")
    thread = await client.conversations_replies(channel=GENERAL, ts=root)
    assert [message["ts"] for message in thread["messages"]] == [root]
    assert "reply_count" not in thread["messages"][0]


async def test_the_history_is_newest_first(slack: Playground, client: Client) -> None:
    """Without replies, and between `oldest` and `latest`."""
    first, second, third = [await slack.say("ana", "general", word) for word in ("one", "two", "three")]
    await slack.say("ben", "general", "reply", thread_ts=first)
    history = await client.conversations_history(channel=GENERAL)
    assert [message["ts"] for message in history["messages"]] == [third, second, first]
    between = await client.conversations_history(channel=GENERAL, oldest=first, latest=third)
    assert [message["ts"] for message in between["messages"]] == [second]
    inclusive = await client.conversations_history(channel=GENERAL, oldest=first, latest=third, inclusive=True)
    assert len(inclusive["messages"]) == 3


async def test_the_bots_words_are_marked_as_its_own(slack: Playground, client: Client) -> None:
    """A bot's message carries `bot_id` and `app_id`, a person's carries `client_msg_id`."""
    root = await slack.say("ana", "general", "hi")
    await client.chat_postMessage(channel=GENERAL, text="hello", thread_ts=root)
    person, bot = (await client.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert (bot["bot_id"], bot["app_id"], bot["parent_user_id"]) == (slack.bot_id, "A07FOOTNOTE", ANA)
    assert "bot_id" not in person
    assert "client_msg_id" in person


KINDS: list[tuple[PersonKind, dict[str, bool]]] = [
    ("member", {"deleted": False, "is_bot": False, "is_restricted": False, "is_ultra_restricted": False}),
    ("guest", {"deleted": False, "is_bot": False, "is_restricted": True, "is_ultra_restricted": False}),
    ("single_channel_guest", {"deleted": False, "is_bot": False, "is_restricted": True, "is_ultra_restricted": True}),
    ("stranger", {"deleted": False, "is_stranger": True}),
    ("bot", {"deleted": False, "is_bot": True}),
    ("deactivated", {"deleted": True}),
]


@pytest.mark.parametrize(("kind", "flags"), KINDS)
async def test_people_are_told_apart(kind: PersonKind, flags: dict[str, bool]) -> None:
    """`users.info` says who is a member, a guest, a stranger, a bot or gone."""
    people = [Person("zoe", "Zoe", "U0ZOE", "zoe@example.com", kind=kind)]
    async with Playground(people=people, channels=[Channel("general", GENERAL, ("zoe", BOT))]) as slack:
        client = client_of(slack)
        user = (await client.users_info(user="U0ZOE"))["user"]
        listed = (await client.users_list(limit=1))["members"][0]
    assert {name: user[name] for name in flags} == flags
    assert user["team_id"] == ("T07ELSEWHER" if kind == "stranger" else slack.team_id)
    assert listed == user


@pytest.mark.parametrize("granted", [True, False])
async def test_addresses_want_their_own_scope(granted: bool) -> None:  # noqa: FBT001  # the two cases of one rule
    """Without `users:read.email` a profile has no address."""
    scopes = [scope for scope in SCOPES if granted or scope != "users:read.email"]
    async with Playground(scopes=scopes) as slack:
        client = client_of(slack)
        profile = (await client.users_info(user=ANA))["user"]["profile"]
    assert ("email" in profile) is granted


SHARED: list[tuple[Sharing, str]] = [
    ("external", "is_ext_shared"),
    ("organisation", "is_org_shared"),
    ("pending", "is_pending_ext_shared"),
]


@pytest.mark.parametrize(("sharing", "flag"), SHARED)
async def test_a_shared_channel_says_so(sharing: Sharing, flag: str) -> None:
    """Each way of letting others in has its own flag, and the others are false."""
    async with Playground(channels=[Channel("general", GENERAL, ("ana", BOT), sharing=sharing)]) as slack:
        client = client_of(slack)
        channel = (await client.conversations_info(channel=GENERAL))["channel"]
    assert [name for _, name in SHARED if channel[name]] == [flag]


async def test_rooms_are_told_apart(client: Client) -> None:
    """A public channel, a private one and a direct message; a public one the bot is not in can be seen."""
    shapes = {
        name: (await client.conversations_info(channel=name, include_num_members=True))["channel"]
        for name in (GENERAL, "C07PEOPLEOP", "D07ANARBRO1", "C07RANDOM01")
    }
    assert [shape.get("is_private", False) for shape in shapes.values()] == [False, True, False, False]
    assert [shape["is_im"] for shape in shapes.values()] == [False, False, True, False]
    assert shapes["C07RANDOM01"]["is_member"] is False
    assert shapes[GENERAL]["num_members"] == 3
    assert shapes["D07ANARBRO1"]["user"] == ANA


async def test_members_come_in_pages(slack: Playground, client: Client) -> None:
    """`conversations.members` counts the bot too, and follows who joins and leaves."""
    page = await client.conversations_members(channel=GENERAL, limit=2)
    rest = await client.conversations_members(channel=GENERAL, cursor=page["response_metadata"]["next_cursor"])
    assert {*page["members"], *rest["members"]} == {ANA, "U07BENOKFR2", slack.bot_user_id}
    assert rest["response_metadata"]["next_cursor"] == ""
    await slack.join("gus", "general")
    await slack.leave("ben", "general")
    members = (await client.conversations_members(channel=GENERAL))["members"]
    assert set(members) == {ANA, GUS, slack.bot_user_id}


async def test_groups_have_members(client: Client) -> None:
    """`usergroups.list` names them when asked, `usergroups.users.list` always."""
    (group,) = (await client.usergroups_list(include_users=True))["usergroups"]
    assert (group["handle"], group["users"]) == ("people-ops", [ANA])
    assert "users" not in (await client.usergroups_list())["usergroups"][0]
    assert (await client.usergroups_users_list(usergroup=group["id"]))["users"] == [ANA]


async def test_an_admin_is_told_apart(client: Client) -> None:
    """Ada runs the workspace, Ana does not; nobody else is an owner."""
    people = {person["name"]: person for person in (await client.users_list())["members"]}
    assert [people[name]["is_admin"] for name in ("ada", "ana")] == [True, False]
    assert not any(person.get("is_owner") for person in people.values())


async def test_a_person_is_found_by_address(client: Client, look: Caller) -> None:
    """Whatever its case; `users_not_found` for nobody, and a scope of its own."""
    assert (await client.users_lookupByEmail(email="Ana@Playground.example"))["user"]["id"] == ANA
    assert (await look("users.lookupByEmail", email="nobody@playground.example"))["error"] == "users_not_found"
    async with Playground(scopes=["users:read"]) as slack:
        with pytest.raises(SlackApiError, match="missing_scope"):
            await client_of(slack).users_lookupByEmail(email="ana@playground.example")


async def test_other_bots_can_be_asked_about(client: Client) -> None:
    """Slackbot says that it is no bot, as it does in Slack."""
    slackbot = (await client.users_info(user="USLACKBOT"))["user"]
    other = (await client.users_info(user="U07DEPLOYS5"))["user"]
    assert (slackbot["is_bot"], other["is_bot"]) == (False, True)


async def test_conversations_are_listed(client: Client, look: Caller) -> None:
    """Public channels, or the kinds that are asked for; `users.conversations` only where the bot is."""
    listed = await client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    names = [channel["name"] for channel in listed["channels"]]
    assert names == ["general", "project-x", "people-ops", "it-help", "random"]
    here = await client.users_conversations(types="public_channel,private_channel", exclude_archived=True)
    assert [channel["name"] for channel in here["channels"]] == names[:-1]
    of_ben = await client.users_conversations(user="U07BENOKFR2")
    assert "people-ops" not in [channel["name"] for channel in of_ben["channels"]]
    assert (await look("conversations.list", types="rooms"))["error"] == "invalid_types"


async def test_nobody_writes_where_they_are_not(slack: Playground) -> None:
    """A person can write only where that person is a member, and under what is there."""
    with pytest.raises(PermissionError, match="gus is not in general"):
        await slack.say("gus", "general", "hi")
    with pytest.raises(LookupError):
        await slack.say("nobody", "general", "hi")
    with pytest.raises(LookupError, match="thread_not_found"):
        await slack.say("ana", "general", "hi", thread_ts="1700000000.000100")


async def test_a_wrong_name_is_not_found(client: Client) -> None:
    """The real client raises Slack's code."""
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.conversations_info(channel="C0NOWHERE")
