"""What one person asks alone: /ask and what can be shared of it, /search, and what is more for them than for others."""

from bot.channels import ChannelSettings
from bot.playground import Message
from tests.scenarios.company import BAND_FOUR, LEAVE, LUNCH
from tests.scenarios.whole import Whole


class TestAsk:
    """`/ask`: a private answer, which can be shared and followed up."""

    async def test_an_answer_is_shared_once_for_everyone(self, company: Whole) -> None:
        """Nobody else sees it before; then all do, with who asked, and with the buttons of any answer."""
        slack = company.slack
        async with company.running() as footnote:
            acked = await slack.command("ana", "general", "/ask", LEAVE)
            assert acked.body
            assert "Searching" in company.private("ana", "general")[0].visible_text
            alone = await company.told("ana", "general", "240 hours")
            assert "Leave › Annual leave" in alone.visible_text
            assert not company.eyes.saw("ben", "240 hours")
            await slack.click("ana", "general", alone.ts, "share")
            await slack.click("ana", "general", alone.ts, "share")
            await company.told("ana", "general", "Shared already")
            shared = public(company, "general")
            assert len(shared) == 1
            assert "Asked by @Ana Ribeiro" in shared[0].visible_text
            assert LEAVE in shared[0].visible_text
            assert "240 hours" in shared[0].visible_text
            await slack.click("ben", "general", shared[0].ts, "why")
            await slack.wait_until(lambda: "Understood as" in company.modal("ben"))
            await company.settled(footnote)

    async def test_what_not_everyone_there_may_read_stays_private(self, company: Whole) -> None:
        """The audience is asked again when it is shared: refused in #general, granted where the group is alone."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.command("ana", "general", "/ask", BAND_FOUR)
            alone = await company.told("ana", "general", "Quillfeather")
            await slack.click("ana", "general", alone.ts, "share")
            await company.told("ana", "general", "Not everyone here may read")
            await slack.command("ana", "people-ops", "/ask", BAND_FOUR)
            among = await company.told("ana", "people-ops", "Quillfeather")
            await slack.click("ana", "people-ops", among.ts, "share")
            await company.settled(footnote)
        assert public(company, "general") == []
        [shared] = public(company, "people-ops")
        assert "Quillfeather" in shared.visible_text

    async def test_a_guest_among_them_keeps_the_handbook_private(self, company: Whole) -> None:
        """Documents for members are not shared where a guest reads along; the guest's own command is refused."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.command("ana", "project-x", "/ask", LEAVE)
            alone = await company.told("ana", "project-x", "240 hours")
            await slack.click("ana", "project-x", alone.ts, "share")
            await company.told("ana", "project-x", "Not everyone here may read")
            await slack.command("gus", "project-x", "/ask", LEAVE)
            await company.told("gus", "project-x", "only answer members")
            await slack.command("gus", "project-x", "/search", "leave")
            await company.settled(footnote)
        assert public(company, "project-x") == []
        assert not company.eyes.saw("gus", "240 hours")
        assert not company.eyes.saw("gus", "Annual leave")

    async def test_a_follow_up_goes_on_in_the_same_conversation(self, company: Whole) -> None:
        """The form asks it privately, and it is understood from the question before."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.command("ben", "general", "/ask", LEAVE)
            alone = await company.told("ben", "general", "240 hours")
            await slack.click("ben", "general", alone.ts, "follow_up")
            form = slack.modal("ben")
            assert form
            before = len(company.private("ben", "general"))
            await slack.submit(form.id, {"question": "what happens to hours above that?"})
            assert slack.modal("ben") is None
            await slack.wait_until(lambda: len(company.private("ben", "general")) > before)
            await company.settled(footnote)
        second = company.private("ben", "general")[-1]
        assert "forfeited" in second.visible_text
        assert "Understood as" in second.visible_text
        assert public(company, "general") == []

    async def test_asked_again_it_is_answered_again(self, company: Whole) -> None:
        """The line that took the question has a way out, should no answer follow; pressed, there is another answer."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.command("ana", "general", "/ask", LEAVE)
            await company.told("ana", "general", "240 hours")
            await company.settled(footnote)
            first = company.private("ana", "general")[0]
            await slack.click("ana", "general", first.ts, "again")
            await slack.wait_until(lambda: len(answers(company)) == 2)
            await company.settled(footnote)
        assert public(company, "general") == []

    async def test_where_the_bot_is_not_it_answers_and_asks_to_be_invited(self, company: Whole) -> None:
        """A command works everywhere; sharing needs the bot there, and an answer in a thread is not offered."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.leave("bot", "general")
            await slack.command("ana", "general", "/ask", LEAVE)
            alone = await company.told("ana", "general", "240 hours")
            await slack.click("ana", "general", alone.ts, "share")
            await company.told("ana", "general", "Invite me here first")
            ts = await slack.say("ben", "general", LUNCH)
            await slack.message_shortcut("ana", "general", ts, "answer_this")
            form = slack.modal("ana")
            assert form
            assert "In the thread" not in company.modal("ana")
            await slack.submit(form.id, {})
            await company.told("ana", "general", "noon")
            await company.settled(footnote)
        assert public(company, "general") == []

    async def test_without_words_it_says_how(self, company: Whole) -> None:
        """An empty command is answered at once with an example."""
        async with company.running():
            for command in ("/ask", "/search"):
                acked = await company.slack.command("ben", "general", command)
                assert acked.body
                assert "after the command" in acked.body["text"]


async def test_a_hostile_question_is_words_wherever_it_is_shown(company: Whole) -> None:
    """Shared, put to people, listed: nothing in it can be clicked, and nobody is called but who should be."""
    slack = company.slack
    hostile = f"{LEAVE} <!channel> <@U07BENOKFR2> <https://evil.example|free> [x](https://evil.example)"
    async with company.running() as footnote:
        await company.set_up(footnote, "it-help", ChannelSettings(humans="S07PEOPLEOP"))
        await slack.command("ana", "general", "/ask", hostile)
        alone = await company.told("ana", "general", "240 hours")
        for action in ("share", "ask_person", "why"):
            await slack.click("ana", "general", alone.ts, action)
        slack.open_home("ana")
        slack.open_home("ada")
        await company.settled(footnote)
    [shared], [call] = public(company, "general"), public(company, "it-help")
    for message, called in ((alone, []), (shared, ["@Ana Ribeiro"]), (call, ["@people-ops", "@Ana Ribeiro"])):
        assert [one.text for one in message.nodes_of("mention")] == called
        assert message.links == []
    outgoing = [str(call.arguments) for call in (*slack.calls, *slack.responses)]
    assert not any("<!channel>" in one or "<@U07BENOKFR2>" in one or "|free>" in one for one in outgoing)
    assert "240 hours" not in company.home_tab("ada")
    assert "annual leave" not in company.home_tab("ada")


async def test_search_shows_passages_page_by_page(company: Whole) -> None:
    """Title, place, words and age, no answer; *More* puts the next page in place of the first."""
    slack = company.slack
    async with company.running() as footnote:
        await slack.command("ben", "general", "/search", "reception desk badge")
        first = await company.told("ben", "general", "Passages for")
        assert "Security › Badges" in first.visible_text
        assert "updated today" in first.visible_text
        assert "lost badge" in first.visible_text
        assert "Why this answer?" not in first.visible_text
        await slack.click("ben", "general", first.ts, "more_passages")
        second = await company.told("ben", "general", "page 2")
        await company.settled(footnote)
    assert [line.ts for line in company.private("ben", "general")] == [first.ts]
    assert second.ts == first.ts
    assert second.visible_text != first.visible_text
    assert not company.eyes.saw("ana", "Passages for")


class TestMore:
    """In a channel the asker alone is told that there is more for them."""

    async def test_the_rest_comes_by_direct_message_once(self, company: Whole) -> None:
        """The channel hears that the docs for everyone do not say; a button sends the rest to the asker alone."""
        slack = company.slack
        async with company.running() as footnote:
            said = await company.asked("ana", "general", f"@Footnote {BAND_FOUR}")
            assert "The docs that everyone here can read don't say" in said.visible_text
            hint = await company.told("ana", "general", "There is more in documents only you can see")
            assert not company.eyes.saw("ben", "There is more")
            for _ in range(2):
                await slack.click("ana", "general", hint.ts, "send_rest")
            await company.told("ana", "general", "in your direct messages with me already")
            await company.settled(footnote)
            [root] = [one for one in slack.messages("dm-ana") if one.thread_ts is None]
            rest = await company.answered("dm-ana", root.ts, before=1)
            for delivery in list(slack.deliveries):
                slack.redeliver(delivery)
            await company.settled(footnote)
        assert BAND_FOUR in root.visible_text
        assert "Quillfeather" in rest.visible_text
        assert len(company.by_bot("dm-ana", root.ts)) == 2

    async def test_who_may_read_no_more_is_told_nothing(self, company: Whole) -> None:
        """Neither for the same question of somebody else, nor for one that everybody's documents answer."""
        async with company.running() as footnote:
            await company.asked("ben", "general", f"@Footnote {BAND_FOUR}")
            await company.asked("ana", "general", f"@Footnote {LUNCH}")
            await company.settled(footnote)
        assert company.private("ben", "general") == []
        assert company.private("ana", "general") == []


async def test_restricted_words_reach_those_who_may_read_them_alone(company: Whole) -> None:
    """The same question by every way in, for one who may and one who may not: only the first hears the answer."""
    slack = company.slack
    question = "what grade does the review of Ana end with?"
    async with company.running() as footnote:
        for person in ("ana", "ben"):
            await company.asked(person, "general", f"@Footnote {question}")
            await company.asked(person, f"dm-{person}", question)
            await slack.command(person, "general", "/ask", question)
            await slack.command(person, "general", "/search", "review grade raise")
            slack.open_home(person)
            slack.open_home(person, "messages")
        await company.settled(footnote)
        for person in ("ana", "ben"):
            answered = [*company.private(person, "general"), *slack.messages(f"dm-{person}")]
            for message in answered:
                if "why" in message.buttons:
                    await slack.click(person, message.channel, message.ts, "why")
        await company.settled(footnote)
    assert company.eyes.saw("ana", "Marmalade")
    assert not company.eyes.saw("ben", "Marmalade")
    assert not company.eyes.saw("ben", "Review of")


def public(company: Whole, channel: str) -> list[Message]:
    """What the bot said in a channel itself for all to see."""
    said = company.slack.messages(channel)
    return [message for message in said if message.author == "bot" and message.ephemeral_to is None]


def answers(company: Whole) -> list[Message]:
    """The private answers that Ana got in #general."""
    return [line for line in company.private("ana", "general") if "Share here" in line.visible_text]
