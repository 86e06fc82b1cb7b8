"""Questions that change or go while they are answered, and answers that are seen to grow, and are stopped."""

from collections.abc import Callable

from bot.playground import Message, plain
from tests.scenarios.company import LEAVE, LUNCH, VPN, Dictated
from tests.scenarios.whole import PATIENCE, Whole
from tests.waiting import wait_until

FIRST = "Here is what the handbook says."
LAST = "That is all that it says."


class TestEdits:
    """An edited question is answered anew, in the same message."""

    async def test_before_a_worker_begins(self, company: Whole) -> None:
        """One answer comes, to the words as they stand."""
        slack = company.slack
        async with company.running(work=False):
            ts = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await slack.edit("ana", "general", ts, f"@Footnote {LUNCH}")
            await slack.wait_until(lambda: all(one.acknowledged for one in slack.deliveries))
        async with company.running() as footnote:
            await company.answered("general", ts)
            await company.settled(footnote)
        [answer] = company.by_bot("general", ts)
        assert "noon" in answer.visible_text
        assert "240 hours" not in answer.visible_text.partition("Sources")[0]

    async def test_after_the_answer(self, company: Whole) -> None:
        """The answer becomes another, again and again; a message that names the bot only since is answered then."""
        slack = company.slack
        async with company.running() as footnote:
            ts = (await company.asked("ana", "general", f"@Footnote {LEAVE}")).root_ts
            for words, found in ((LUNCH, "noon"), (VPN, "self-service portal"), (LUNCH, "noon")):
                await slack.edit("ana", "general", ts, f"@Footnote {words}")
                await company.settled(footnote)
                assert found in company.by_bot("general", ts)[0].visible_text.partition("[1]")[0]
            later = await slack.say("ben", "general", LUNCH)
            await company.settled(footnote)
            assert company.by_bot("general", later) == []
            await slack.edit("ben", "general", later, f"@Footnote {LUNCH}")
            await company.answered("general", later)
            direct = (await company.asked("ben", "dm-ben", LEAVE)).root_ts
            await slack.edit("ben", "dm-ben", direct, LUNCH)
            await company.settled(footnote)
        assert len(company.by_bot("general", ts)) == 1
        assert len(company.by_bot("general", later)) == 1
        assert ["noon" in one.visible_text for one in company.by_bot("dm-ben", direct)] == [True]

    async def test_while_it_is_answered(self, company: Whole) -> None:
        """The answer that was being made ends as the one to the new words, in one message."""
        slack, generator = company.slack, Dictated([FIRST], [LAST])
        async with company.running(generator=generator) as footnote:
            ts = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await wait_until(lambda: generator.begun == 1)
            await slack.edit("ana", "general", ts, f"@Footnote {LUNCH}")
            generator.released.set()
            await company.settled(footnote)
        assert generator.begun == 2
        [answer] = company.by_bot("general", ts)
        assert "Canteen" in answer.visible_text


class TestDeletions:
    """A deleted question takes its pending answer with it."""

    async def test_before_and_after(self, company: Whole) -> None:
        """Deleted before a worker began, nothing is said; an answer that stood already stays."""
        slack = company.slack
        async with company.running(work=False):
            gone = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await slack.delete("ana", "general", gone)
            await slack.wait_until(lambda: all(one.acknowledged for one in slack.deliveries))
        async with company.running() as footnote:
            await company.settled(footnote)
            assert not [call for call in slack.calls if call.method.startswith("chat.")]
            answer = await company.asked("ana", "general", f"@Footnote {LUNCH}")
            await slack.delete("ana", "general", answer.root_ts)
            await company.settled(footnote)
        assert [one.ts for one in company.by_bot("general", answer.root_ts)] == [answer.ts]
        assert company.by_bot("general", gone) == []

    async def test_while_it_is_answered(self, company: Whole) -> None:
        """What is seen of the answer goes, whether a status or a stream that had begun; the generator is let go."""
        slack, generator = company.slack, Dictated([FIRST], [LAST])
        async with company.running(generator=generator) as footnote:
            streamed = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await slack.wait_until(lambda: growing(company, "general", streamed), timeout=PATIENCE)
            early = await slack.say("ben", "dm-ben", LEAVE)
            await wait_until(lambda: generator.begun == 2)
            await slack.delete("ana", "general", streamed)
            await slack.delete("ben", "dm-ben", early)
            await company.settled(footnote)
        assert company.by_bot("general", streamed) == []
        assert company.by_bot("dm-ben", early) == []
        assert not any("Stopped" in words for words in company.eyes.seen[slack.id_of("ben")])
        assert generator.ended == 2


async def test_an_answer_grows_and_is_whole_in_the_end(company: Whole) -> None:
    """Streamed where Slack lets us, edited where a message stands already, and posted at once where neither is."""
    slack, generator = company.slack, Dictated([FIRST], [LAST])
    async with company.running(generator=generator) as footnote:
        slack.fail("assistant.threads.setStatus", "channel_type_not_supported")
        edited = await slack.say("ana", "it-help", f"@Footnote {LEAVE}")
        await slack.wait_until(lambda: company.by_bot("it-help", edited), timeout=PATIENCE)
        assert "Searching the docs…" in company.by_bot("it-help", edited)[0].visible_text
        streamed = await slack.say("ana", "general", f"@Footnote {LEAVE}")
        await slack.wait_until(lambda: growing(company, "general", streamed), timeout=PATIENCE)
        assert FIRST in company.by_bot("general", streamed)[0].visible_text
        slack.fail("chat.startStream", "channel_type_not_supported")
        posted = await slack.say("ana", "people-ops", f"@Footnote {LEAVE}")
        await slack.wait_until(lambda: len(called(company, "chat.startStream")) == 2, timeout=PATIENCE)
        generator.released.set()
        answers = [
            await company.answered("it-help", edited),
            await company.answered("general", streamed),
            await company.answered("people-ops", posted),
        ]
        await company.settled(footnote)
    for answer in answers:
        assert answer.visible_text.index(FIRST) < answer.visible_text.index(LAST)
        assert answer.visible_text.count(FIRST) == 1
        assert "Leave › Annual leave" in answer.visible_text
        assert "Written from the docs automatically" in answer.visible_text
        assert set(answer.buttons) == {"outdated", "why", "ask_person"}
        assert len(company.by_bot(answer.channel, answer.root_ts)) == 1
        in_thread = [call for call in slack.calls if answer.root_ts in call.arguments.values()]
        by_ts = [call for call in slack.calls if answer.ts in call.arguments.values()]
        assert len([call for call in (*in_thread, *by_ts) if not call.method.startswith("conversations.")]) <= 8


async def test_stopped_answers_say_so_and_can_be_had_anyway(company: Whole) -> None:
    """Slack's own Stop ends a stream, the button a placeholder; *Answer anyway* makes the same message the answer."""
    slack, generator = company.slack, Dictated([FIRST], [LAST])
    async with company.running(generator=generator) as footnote:
        slack.fail("assistant.threads.setStatus", "channel_type_not_supported")
        places = {"it-help": await slack.say("ana", "it-help", f"@Footnote {LEAVE}")}
        [waiting] = await slack.wait_until(lambda: company.by_bot("it-help", places["it-help"]), timeout=PATIENCE)
        for channel, words in (("general", f"@Footnote {LEAVE}"), ("dm-ana", LEAVE)):
            places[channel] = await slack.say("ana", channel, words)
            await until(company, channel, places[channel], lambda message: message.is_streaming)
        session = slack.session("dm-ana", places["dm-ana"])
        assert session
        assert session.title == LEAVE
        await slack.click("ben", "it-help", waiting.ts, "stop")
        await slack.stop("ana", "general", places["general"])
        await slack.stop("ana", "dm-ana", places["dm-ana"])
        for channel, root in places.items():
            await until(company, channel, root, lambda message: message.visible_text == "Stopped.\nAnswer anyway")
        await company.settled(footnote)
        assert generator.ended == 3
        assert [one.status for one in slack.workspace.sessions.values()] == ["active"] * 3
        stopped = {channel: company.by_bot(channel, root) for channel, root in places.items()}
        generator.released.set()
        for channel, root in places.items():
            await slack.click("ana", channel, stopped[channel][0].ts, "again")
            await until(company, channel, root, lambda message: LAST in message.visible_text)
        await company.settled(footnote)
    for channel, root in places.items():
        assert [one.ts for one in company.by_bot(channel, root)] == [one.ts for one in stopped[channel]]


async def until(company: Whole, channel: str, root: str, holds: Callable[[Message], bool]) -> None:
    """Return once the bot's only message in a thread is as it is to be."""

    def there() -> bool:
        said = company.by_bot(channel, root)
        return bool(said) and holds(said[0])

    await company.slack.wait_until(there, timeout=PATIENCE)


async def test_a_long_answer_is_whole_within_slacks_limits(company: Whole) -> None:
    """More than Slack takes in one text, with fence and table: each line is shown once; what is longer still is cut."""
    fence = "```\n" + "\n".join(f"step-{number} --do" for number in range(200)) + "\n```"
    table = "| Grade | Hours |\n|---|---|\n" + "\n".join(f"| G{number} | {number} |" for number in range(30))
    prose = [f"Paragraph {number} says at length what is to be done. {'It goes on. ' * 40}" for number in range(14)]
    generator = Dictated([FIRST], [*prose, fence, table, LAST])
    generator.released.set()
    async with company.running(generator=generator):
        answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        generator.rest = [*prose, *prose, LAST]
        longer = await company.asked("ana", "general", f"@Footnote {LUNCH}")
    text = answer.visible_text
    for words in (FIRST, LAST, *(f"Paragraph {number} says" for number in range(14)), "step-0 --do", "step-199 --do"):
        assert text.count(words) == 1
    assert answer.nodes_of("table")
    assert all("--do" in fenced.text or "--do" in plain(fenced.children) for fenced in answer.nodes_of("pre"))
    for one in (answer, longer):
        assert len(one.blocks) <= 50
        assert "why" in one.buttons
        assert len(company.by_bot("general", one.root_ts)) == 1
    assert "…" in longer.visible_text


def growing(company: Whole, channel: str, root: str) -> bool:
    """Whether an answer there is being streamed."""
    return any(one.is_streaming for one in company.by_bot(channel, root))


def called(company: Whole, method: str) -> list[object]:
    """The calls of one method."""
    return [call for call in company.slack.calls if call.method == method]
