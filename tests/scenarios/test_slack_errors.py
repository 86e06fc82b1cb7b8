"""Every error of Slack's that its pages name, where we can meet it, and the end that it comes to.

The ids of `test_every_error_has_its_end` are the table: way in, method, what happens there -> how it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pytest
import structlog

from bot.adapters.redis.client import Link
from bot.channels import ChannelSettings
from handlers.buttons import Action
from tests.nouns import NOON
from tests.scenarios.small import LUNCH, Small, small

OWNER = "ben@playground.example"

# --- ways in --------------------------------------------------------------------------------------------------------

Do: TypeAlias = Callable[[Small], Awaitable[None]]
Story: TypeAlias = AsyncGenerator[None]
"""Does what comes before, lets the fault begin, and does what meets it."""


async def mention(desk: Small) -> Story:
    """Ask in a channel; no stream begins, so that the answer is a post."""
    desk.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
    yield
    await desk.slack.say("ana", "general", f"<@bot> {LUNCH}")


async def thread(desk: Small) -> Story:
    """Ask in a thread, which is read before."""
    desk.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
    root = await desk.slack.say("ben", "general", "about food")
    yield
    await desk.slack.say("ana", "general", f"<@bot> {LUNCH}", thread_ts=root)


async def placeholder(desk: Small) -> Story:
    """Ask where Slack shows no status: a message says so, and becomes the answer."""
    desk.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
    desk.slack.fail("assistant.threads.setStatus", "channel_type_not_supported", times=99)
    yield
    await desk.slack.say("ana", "general", f"<@bot> {LUNCH}")


async def slow_mention(desk: Small) -> Story:
    """Ask, and let the answer take long enough to be streamed: begun after the fault."""
    desk.shelf.pauses = (asyncio.Event(), asyncio.Event())
    yield
    await desk.slack.say("ana", "general", f"<@bot> {LUNCH}")
    await desk.slack.wait_until(lambda: desk.count("chat.startStream"))
    desk.shelf.pauses[0].set()
    desk.shelf.pauses[1].set()


async def stream(desk: Small) -> Story:
    """Ask, and let the stream that was begun meet the fault."""
    desk.shelf.pauses = (asyncio.Event(), asyncio.Event())
    await desk.slack.say("ana", "general", f"<@bot> {LUNCH}")
    everything = desk.slack.workspace.room("general").messages
    await desk.slack.wait_until(lambda: any(one.is_streaming for one in everything.values()))
    yield
    desk.shelf.pauses[0].set()
    await desk.slack.wait_until(lambda: desk.count("chat.appendStream"))
    desk.shelf.pauses[1].set()


async def edit(desk: Small) -> Story:
    """Edit a question that was answered."""
    async for _ in mention(desk):
        pass
    await desk.done()
    yield
    root = desk.slack.messages("general")[0].ts
    await desk.slack.edit("ana", "general", root, "<@bot> at noon lunch is served")


async def overheard(desk: Small) -> Story:
    """Ask nobody, where an admin lets the bot answer."""
    await _set_up(desk, ChannelSettings(auto_answer=True))
    yield
    await desk.slack.say("ana", "general", "is lunch served at noon?")


async def offer(desk: Small) -> Story:
    """Go on in a thread where an admin lets the bot offer."""
    await _set_up(desk, ChannelSettings(mode="offer"))
    async for _ in mention(desk):
        pass
    await desk.done()
    yield
    root = desk.slack.messages("general")[0].ts
    await desk.slack.say("ana", "general", "and when is lunch served?", thread_ts=root)


async def ask(desk: Small) -> Story:
    """Ask with the command."""
    yield
    await desk.slack.command("ana", "general", "/ask", LUNCH)


async def search(desk: Small) -> Story:
    """Search with the command."""
    yield
    await desk.slack.command("ana", "general", "/search", LUNCH)


async def share(desk: Small) -> Story:
    """Share what one asked with the command."""
    await desk.slack.command("ana", "general", "/ask", LUNCH)
    await desk.done()
    yield
    await desk.slack.click("ana", "general", desk.last("general", "share"), "share")


async def ask_a_person(desk: Small) -> Story:
    """Bring people in."""
    async for _ in mention(desk):
        pass
    await desk.done()
    yield
    await desk.slack.click("ana", "general", desk.last("general", "ask_person"), "ask_person")


async def resolve(desk: Small) -> Story:
    """Close what people were asked."""
    async for _ in ask_a_person(desk):
        pass
    await desk.done()
    yield
    await desk.slack.click("ben", "general", desk.last("general", "resolved"), "resolved")
    form = desk.slack.modal("ben")
    if form and form.view.get("submit"):
        await desk.slack.submit(form.id, {"answer": "At noon."})


async def outdated(desk: Small) -> Story:
    """Doubt a passage whose document names its owner."""
    desk.shelf.chunks_ = [replace(chunk, owner=OWNER) for chunk in desk.shelf.chunks_]
    async for _ in mention(desk):
        pass
    await desk.done()
    yield
    await desk.slack.click("ana", "general", desk.last("general", "outdated"), "outdated")


async def the_rest(desk: Small) -> Story:
    """Have what only the asker may read sent to their direct messages."""
    async for _ in mention(desk):
        pass
    await desk.done()
    asked = f"{desk.slack.team_id}/{desk.slack.id_of('general')}/{desk.slack.messages('general')[0].ts}"
    button = await desk.button("general", "send_rest", desk.seal.close(Action.SEND_REST, asked), to="ana")
    yield
    await desk.slack.click("ana", "general", button, "send_rest")


async def why(desk: Small) -> Story:
    """Ask why this answer."""
    async for _ in mention(desk):
        pass
    await desk.done()
    yield
    await desk.slack.click("ana", "general", desk.last("general", "why"), "why")


async def home(desk: Small) -> Story:
    """Open the Home tab."""
    yield
    desk.slack.open_home("ana")


async def suggest(desk: Small) -> Story:
    """Open the direct messages, where questions are pinned."""
    yield
    desk.slack.open_home("ana", "messages")


async def summarise(desk: Small) -> Story:
    """Have a thread summarised."""
    root = await desk.slack.say("ben", "general", "the soup is good")
    await desk.slack.say("ana", "general", "yes it is", thread_ts=root)
    await desk.done()
    yield
    await desk.slack.message_shortcut("ana", "general", root, "summarise_thread")


async def shortcut(desk: Small) -> Story:
    """Have a message answered, where the form offers to."""
    desk.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
    ts = await desk.slack.say("ben", "general", LUNCH)
    yield
    await desk.slack.message_shortcut("ana", "general", ts, "answer_this")
    form = desk.slack.modal("ana")
    if form and form.view.get("submit"):
        await desk.slack.submit(form.id, {"where": "me"})


async def _set_up(desk: Small, settings: ChannelSettings) -> None:
    where = desk.slack.id_of("general")
    await desk.memory.channels.write(desk.slack.team_id, where, settings, person="U07ADAMORO4", at=NOON)


# --- what happens there ---------------------------------------------------------------------------------------------

Fault: TypeAlias = Callable[[Small, str], None]


def refused(code: str, times: int) -> Fault:
    """So many calls are answered with this code."""
    return lambda desk, method: desk.slack.fail(method, code, times=times)


def waits(seconds: int) -> Fault:
    """One call has to wait."""
    return lambda desk, method: desk.slack.fail(method, retry_after=seconds)


FOR_GOOD = 99
FAULTS: dict[str, Fault] = {
    **{f"429 for {seconds} s": waits(seconds) for seconds in (1, 7, 30)},
    "internal_error": refused("internal_error", 1),
    "fatal_error": refused("fatal_error", 1),
    "500": lambda desk, method: desk.slack.fail(method, "whatever", status=500),
    "a proxy's page": lambda desk, method: desk.slack.misdirect(method),
    "cut before": lambda desk, method: desk.slack.cut(method, accept=False, times=2),
    "cut after": lambda desk, method: desk.slack.cut(method),
    "cut after, twice": lambda desk, method: desk.slack.cut(method, times=2),
    "silence": lambda desk, method: desk.slack.hang(method),
    "503 for good": lambda desk, method: desk.slack.misdirect(method, times=FOR_GOOD),
}
WAIT = ("429 for 1 s", "429 for 7 s", "429 for 30 s")
PASSING = ("internal_error", "fatal_error", "500", "a proxy's page")
BROKEN = ("cut before", "cut after", "cut after, twice")
ANYTHING = ("429 for 1 s", "429 for 30 s", "internal_error", "a proxy's page", "cut before", "cut after")
EVERYTHING = (*WAIT, *PASSING, *BROKEN, "silence")
OURS = ("token_revoked", "invalid_auth", "account_inactive", "missing_scope")
"""What is wrong with the installation: every call of the method is refused."""
THERE = ("channel_not_found", "is_archived", "not_in_channel", "restricted_action", "thread_not_found")
"""What is wrong with the place: the calls there are refused, and any elsewhere is taken."""
UNOPENED = (
    "expired_trigger_id",
    "exchanged_trigger_id",
    "missing_scope",
    "internal_error",
    "cut before",
    "429 for 1 s",
)
NOT_GROWING = ("message_not_in_streaming_state", "message_not_owned_by_app")
NO_STREAM = ("channel_type_not_supported", "missing_recipient_team_id", "restricted_action")


# --- how it ends ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """What then stands, each line by its beginning; `dead` is how the job's dead letter ends, None without one."""

    said: tuple[str, ...] = ()
    dead: str | None = None
    modal: str = ""
    home: bool = False
    by: str = "ana"


ANSWER = "general: Lunch is served at noon. [1]"
PROMISED = "general (ana): lunch is served at noon Ask again Searching the docs"
ALONE = "general (ana): Lunch is served at noon. [1]"
SORRY = "general: I couldn't answer this. It's logged as Q-"
BESIDE = "general (ana): Slack doesn't let me answer here just now. It's logged as Q-"
NOT_DONE = "general (ana): I couldn't do this. It's logged as Q-"
ELSEWHERE = "dm-ana: Slack doesn't let me answer where you asked. It's logged as Q-"
MEMBERS = "I can only answer members of this workspace."
NOT_HERE = "general: The docs that everyone here can read don't say."
MORE = "general (ana): There is more in documents only you can see."
SHARED = "general: Asked by @Ana Ribeiro"
CALLED = "general: @people-ops, can you help?"
PAGE = "general (ana): Passages for “lunch is served at noon”"
SUMMARY = "general (ana): What this thread says"
DOUBT = "dm-ben: @Ana Ribeiro says this may be outdated."
THANKS = "general (ana): Told the owner. Thanks."
PRESS_AGAIN = "general (ana): Slack didn't open that in time. Press it again."
BURIED, GIVEN_UP, UNTOLD = "at delivery", "not done after", "nobody was told"
OLD = "general: Lunch is served at noon. [1]"
REST = (ANSWER, "general (ana): Press")

USUAL: dict[str, End] = {
    "mention": End((ANSWER,)),
    "thread": End((ANSWER,)),
    "placeholder": End((ANSWER,)),
    "slow_mention": End((ANSWER,)),
    "stream": End((ANSWER,)),
    "edit": End((ANSWER,)),
    "overheard": End((ANSWER,)),
    "offer": End((ANSWER, "general (ana): Shall I answer this from the docs?")),
    "ask": End((PROMISED, ALONE)),
    "search": End((PAGE,)),
    "share": End((PROMISED, ALONE, SHARED)),
    "ask_a_person": End((ANSWER, CALLED)),
    "resolve": End((ANSWER, "general: lunch is served at noon Resolved by @Ben Okafor")),
    "outdated": End((ANSWER, DOUBT, THANKS)),
    "the_rest": End((*REST, "dm-ana: You asked in #general", "dm-ana: Lunch is served at noon. [1]")),
    "why": End((ANSWER,), modal="Understood as lunch is served at noon"),
    "home": End(home=True),
    "suggest": End(),
    "summarise": End((SUMMARY,)),
    "shortcut": End((ALONE,)),
}

# --- the table ------------------------------------------------------------------------------------------------------

Row: TypeAlias = tuple[str, str, str, str, End]
AS_USUAL = "as usual"


def rows() -> Iterator[Row]:
    """Way, method, fault, and how it ends, in words and in full."""
    for (way, method, faults), (name, end) in TABLE.items():
        for fault in faults:
            yield way, method, fault, name, end or USUAL[way]


Named: TypeAlias = tuple[str, "End | None"]
usual: Named = (AS_USUAL, None)
quiet_letter = "nobody waits: a dead letter"

TABLE: Mapping[tuple[str, str, tuple[str, ...]], Named] = {
    # a sign of life and what else nobody needs
    ("mention", "assistant.threads.setStatus", (*ANYTHING, *OURS, *THERE, "503 for good")): usual,
    ("mention", "agents.sessions.setStatus", (*ANYTHING, *OURS, "503 for good")): usual,
    ("thread", "conversations.replies", (*ANYTHING, *OURS, *THERE, "503 for good")): usual,
    ("mention", "usergroups.list", (*ANYTHING, *OURS)): usual,
    ("mention", "usergroups.list", ("503 for good",)): ("an apology", End((SORRY,), BURIED)),
    # who asks, and who reads along: what cannot be looked up holds nothing
    ("mention", "users.info", ANYTHING): usual,
    ("mention", "users.info", (*OURS, "user_not_found")): ("members only", End((f"general: {MEMBERS}",))),
    ("mention", "users.info", ("503 for good",)): ("an apology", End((SORRY,), BURIED)),
    ("mention", "conversations.info", ANYTHING): usual,
    ("mention", "conversations.info", (*OURS, "channel_not_found")): ("nothing for all", End((NOT_HERE, MORE))),
    ("mention", "conversations.info", ("503 for good",)): ("an apology", End((SORRY,), BURIED)),
    ("mention", "conversations.members", ANYTHING): usual,
    ("mention", "conversations.members", (*OURS, "channel_not_found")): ("nothing for all", End((NOT_HERE, MORE))),
    # the answer as one post
    ("mention", "chat.postMessage", EVERYTHING): usual,
    ("mention", "chat.postMessage", ("invalid_blocks", "msg_blocks_too_many")): ("in words alone", End((ANSWER,))),
    ("mention", "chat.postMessage", ("msg_too_long",)): ("an apology", End((SORRY,), BURIED)),
    ("mention", "chat.postMessage", THERE): ("told in direct messages", End((ELSEWHERE,), BURIED)),
    ("mention", "chat.postMessage", OURS): ("a dead letter", End((), UNTOLD)),
    ("mention", "chat.postMessage", ("503 for good",)): ("told alone", End((BESIDE,), GIVEN_UP)),
    ("overheard", "chat.postMessage", ANYTHING): usual,
    ("overheard", "chat.postMessage", (*OURS, *THERE)): (quiet_letter, End((), BURIED)),
    # the answer in a message that stands
    ("placeholder", "chat.update", EVERYTHING): usual,
    ("placeholder", "chat.update", ("invalid_blocks", "streaming_state_conflict")): usual,
    ("placeholder", "chat.update", ("503 for good",)): ("told alone, and nothing stands", End((BESIDE,), GIVEN_UP)),
    ("edit", "chat.update", ANYTHING): usual,
    ("edit", "chat.update", ("msg_too_long",)): ("an apology", End((SORRY,), BURIED)),
    ("edit", "chat.update", ("message_not_found", "cant_update_message")): (
        "told in direct messages", End((OLD, ELSEWHERE), BURIED)
    ),
    # the answer as a stream
    ("slow_mention", "chat.startStream", (*ANYTHING, *OURS, *NO_STREAM)): usual,
    ("stream", "chat.appendStream", (*ANYTHING, *OURS, *NOT_GROWING)): usual,
    ("stream", "chat.appendStream", ("stopped_by_user",)): ("stopped", End(("general: Stopped. Answer anyway",))),
    ("stream", "chat.stopStream", (*ANYTHING, *NOT_GROWING)): usual,
    ("stream", "chat.stopStream", ("msg_blocks_too_many", "invalid_blocks", "msg_too_long")): usual,
    # to one person alone
    ("ask", "response_url", WAIT): usual,
    ("ask", "response_url", ("cut after", "silence")): usual,
    ("ask", "response_url", ("500", "a proxy's page", "cut before")): (
        "nobody knows: the button to ask again stands", End((PROMISED,))
    ),
    ("ask", "response_url", ("expired_url", "used_url")): ("another way to the same person", End((PROMISED, ALONE))),
    ("ask", "users.info", ANYTHING): usual,
    ("ask", "users.info", (*OURS, "user_not_found")): ("members only", End((PROMISED, f"general (ana): {MEMBERS}"))),
    ("search", "response_url", (*WAIT, "500", "a proxy's page", "cut before")): usual,
    ("search", "response_url", ("expired_url", "used_url")): ("another way to the same person", End((PAGE,))),
    ("search", "response_url", ("cut after",)): ("said again: nobody knows whether it arrived", End((PAGE, PAGE))),
    ("search", "response_url", ("503 for good",)): ("a dead letter", End((), UNTOLD)),
    ("search", "users.info", ANYTHING): usual,
    ("search", "users.info", ("503 for good",)): ("an apology", End((NOT_DONE,), BURIED)),
    ("offer", "chat.postEphemeral", ("429 for 1 s", "429 for 7 s", "cut after")): usual,
    ("offer", "chat.postEphemeral", ("429 for 30 s", "internal_error", "cut before")): ("no offer", End((ANSWER,))),
    ("offer", "chat.postEphemeral", ("user_not_in_channel", *OURS, *THERE)): (quiet_letter, End((ANSWER,), BURIED)),
    # sharing, asking people, closing
    ("share", "chat.postMessage", ANYTHING): usual,
    ("share", "chat.postMessage", ("not_in_channel",)): (
        "told to invite us", End((PROMISED, ALONE, "general (ana): Invite me here first"))
    ),
    ("share", "chat.postMessage", ("is_archived", "restricted_action", "channel_not_found", *OURS)): (
        "told that we cannot", End((PROMISED, ALONE, "general (ana): I can't post in this channel."))
    ),
    ("share", "chat.postMessage", ("503 for good",)): ("an apology", End((PROMISED, ALONE, NOT_DONE), BURIED)),
    ("share", "conversations.info", (*OURS, "channel_not_found")): (
        "told to invite us", End((PROMISED, ALONE, "general (ana): Invite me here first"))
    ),
    ("ask_a_person", "chat.postMessage", ANYTHING): usual,
    ("ask_a_person", "chat.postMessage", (*OURS, *THERE)): (
        "told that we cannot", End((ANSWER, "general (ana): I can't post there. Invite me first"))
    ),
    ("resolve", "chat.update", ANYTHING): usual,
    ("resolve", "chat.update", ("message_not_found", *OURS)): (
        "an apology", End((ANSWER, CALLED, "general (ben): I couldn't do this."), BURIED)
    ),
    ("resolve", "views.open", UNOPENED): (
        "press it again", End((ANSWER, CALLED, PRESS_AGAIN.replace("ana", "ben")))
    ),
    # an owner
    ("outdated", "users.lookupByEmail", ANYTHING): usual,
    ("outdated", "users.lookupByEmail", ("users_not_found", *OURS)): (
        "noted for admins", End((ANSWER, "general (ana): Noted."))
    ),
    ("outdated", "conversations.open", ANYTHING): usual,
    ("outdated", "conversations.open", ("user_not_found", "user_disabled", *OURS)): (
        "noted for admins", End((ANSWER, "general (ana): Noted."))
    ),
    ("outdated", "chat.postMessage", EVERYTHING): usual,
    ("outdated", "response_url", (*WAIT, "500", "cut before", "expired_url")): usual,
    # direct messages
    ("the_rest", "conversations.open", ANYTHING): usual,
    ("the_rest", "conversations.open", OURS): ("an apology", End((*REST, NOT_DONE), BURIED)),
    ("the_rest", "chat.postMessage", ANYTHING): usual,
    # modals and tabs
    ("why", "views.open", UNOPENED): ("press it again", End((ANSWER, PRESS_AGAIN))),
    ("why", "views.update", EVERYTHING): usual,
    ("why", "views.update", ("not_found", "view_not_found")): (
        "closed meanwhile: nothing", End((ANSWER,), modal="One moment…")
    ),
    ("why", "views.update", ("hash_conflict", "invalid_blocks")): (
        "an apology in the modal", End((ANSWER,), BURIED, modal="I couldn't do this.")
    ),
    ("why", "views.update", OURS): (
        "an apology beside the modal", End((ANSWER, NOT_DONE), BURIED, modal="One moment…")
    ),
    ("home", "views.publish", ANYTHING): usual,
    ("home", "views.publish", ("hash_conflict", *OURS, "503 for good")): (quiet_letter, End((), BURIED)),
    ("suggest", "assistant.threads.setSuggestedPrompts", (*ANYTHING, *OURS)): usual,
    ("shortcut", "views.open", UNOPENED): ("press it again", End((PRESS_AGAIN,))),
    ("shortcut", "conversations.info", (*ANYTHING, *OURS, *THERE)): usual,
    # summaries
    ("summarise", "conversations.replies", ANYTHING): usual,
    ("summarise", "conversations.replies", (*OURS, *THERE)): (
        "told that we cannot read it", End(("general (ana): I found nothing to read in this thread.",))
    ),
    ("summarise", "chat.getPermalink", (*ANYTHING, *OURS, *THERE)): usual,
    ("summarise", "response_url", (*WAIT, "expired_url")): usual,
}  # fmt: skip

ROWS = list(rows())
TIMES = {
    **dict.fromkeys(OURS, FOR_GOOD),
    **dict.fromkeys((*THERE, "message_not_found", "cant_update_message", "expired_url", "used_url"), 2),
}
"""How often a code is answered; once unless it stands here."""
MOST = {"503 for good": 26}
"""Calls of a method: five tries and as many farewells as a worker makes."""


@pytest.mark.parametrize(
    ("way", "method", "fault", "end"),
    [
        pytest.param(way, method, fault, end, id=f"{way}, {method}, {fault} -> {name}")
        for way, method, fault, name, end in ROWS
    ],
)
async def test_every_error_has_its_end(link: Link, way: str, method: str, fault: str, end: End) -> None:
    """Seen by whoever waits, or a dead letter; never two messages, never a call too many, never one too early."""
    async with small(link, deadline=0.4 if fault == "silence" else 5.0) as desk:
        with structlog.testing.capture_logs() as logs:
            before = await told(desk, way, FAULTS.get(fault) or refused(fault, TIMES.get(fault, 1)), method)
        assert [line[: len(said)] for line, said in zip(desk.said(), end.said, strict=True)] == list(end.said)
        assert_letters(desk, end, logs)
        assert desk.modal("ana").startswith(end.modal), desk.modal("ana")
        assert bool(desk.slack.home("ana")) == end.home
        assert desk.count(method) - before <= MOST.get(fault, 4)
        assert desk.early() == []


async def told(desk: Small, way: str, fault: Fault, method: str) -> int:
    """Let the story be told; how often the method was called before the fault."""
    story: Story = globals()[way](desk)
    await anext(story)
    before = desk.count(method)
    fault(desk, method)
    async for _ in story:
        raise AssertionError("a story has one fault")
    await desk.done()
    return before


def assert_letters(desk: Small, end: End, logs: list[Any]) -> None:
    """A dead letter exactly where one is due, and never without a line in the log."""
    reasons = list(desk.jobs.buried.values())
    assert len(reasons) == (end.dead is not None), reasons
    assert all(end.dead and end.dead in reason for reason in reasons), reasons
    assert bool(reasons) == any(log["event"].startswith("job_buried") for log in logs)
