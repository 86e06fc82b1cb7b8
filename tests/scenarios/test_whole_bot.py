"""From a message in Slack to a cited answer in its thread, through everything that runs in production."""

from pathlib import Path

from tests.scenarios.company import BAND_FOUR, HANDBOOK, LEAVE
from tests.scenarios.whole import Whole, whole

LEAVE_QUESTION = f"@Footnote {LEAVE}"


async def test_a_mention_is_answered_in_its_thread_with_its_source(company: Whole) -> None:
    """One message appears in the thread; it quotes the document and lists title and heading below."""
    async with company.running():
        answer = await company.asked("ana", "general", LEAVE_QUESTION)
    assert "240 hours of annual leave" in answer.visible_text
    assert "[1]" in answer.visible_text
    assert "Leave › Annual leave" in answer.visible_text
    assert len(company.by_bot("general", answer.root_ts)) == 1
    methods = [call.method for call in company.slack.calls]
    assert methods.index("assistant.threads.setStatus") < methods.index("chat.postMessage")


async def test_a_follow_up_needs_no_mention_and_knows_the_subject(company: Whole) -> None:
    """In the thread, a question that names nothing is answered from what was talked about."""
    async with company.running():
        first = await company.asked("ana", "general", LEAVE_QUESTION)
        second = await company.asked("ana", "general", "what happens to hours above that?", thread_ts=first.root_ts)
    assert "forfeited" in second.visible_text
    assert len(company.by_bot("general", first.root_ts)) == 2


async def test_the_bot_stays_out_when_people_talk_to_each_other(company: Whole) -> None:
    """A message in the thread that addresses somebody else gets no answer, nor do those after it."""
    async with company.running():
        first = await company.asked("ana", "general", LEAVE_QUESTION)
        await company.slack.say("ana", "general", "@ben is that right?", thread_ts=first.root_ts)
        await company.slack.say("ben", "general", "yes, since when do we have this rule?", thread_ts=first.root_ts)
        await company.asked("ben", "general", "@Footnote when is lunch served?")
    assert len(company.by_bot("general", first.root_ts)) == 1


async def test_a_redelivered_event_is_answered_once(company: Whole) -> None:
    """Slack sending the same events again adds nothing to the thread."""
    async with company.running():
        first = await company.asked("ana", "general", LEAVE_QUESTION)
        for delivery in list(company.slack.deliveries):
            company.slack.redeliver(delivery)
        await company.asked("ben", "general", "@Footnote when is lunch served?")
    assert len(company.by_bot("general", first.root_ts)) == 1


async def test_the_same_over_http(company: Whole) -> None:
    """Signed events over HTTP lead to the same answer."""
    async with company.running(transport="http"):
        answer = await company.asked("ben", "general", "@Footnote how do I set up the VPN?")
    assert "self-service portal" in answer.visible_text


async def test_a_question_survives_the_absence_of_every_worker(company: Whole) -> None:
    """What was acknowledged while nobody worked is answered by the worker that comes later."""
    async with company.running(work=False):
        ts = await company.slack.say("ana", "general", LEAVE_QUESTION)
        await company.slack.wait_until(lambda: all(one.acknowledged for one in company.slack.deliveries))
    assert company.by_bot("general", ts) == []
    async with company.running():
        await company.slack.wait_until(
            lambda: any("240 hours" in message.visible_text for message in company.by_bot("general", ts)), timeout=20
        )


async def test_a_post_whose_reply_was_lost_is_not_posted_twice(company: Whole) -> None:
    """Slack took the sign of life and the connection broke: the thread still ends with one message, the answer."""
    company.slack.cut("chat.postMessage")
    async with company.running():
        ts = await company.slack.say("ana", "general", LEAVE_QUESTION)
        await company.slack.wait_until(
            lambda: any("240 hours" in message.visible_text for message in company.by_bot("general", ts)), timeout=20
        )
    assert len(company.by_bot("general", ts)) == 1


async def test_a_direct_message_is_a_question(company: Whole) -> None:
    """Nobody needs to mention the bot when they write to it alone."""
    async with company.running():
        answer = await company.asked("ben", "dm-ben", "whom do I tell when I am ill?")
    assert "before ten" in answer.visible_text


async def test_what_the_docs_do_not_say_is_said(company: Whole) -> None:
    """A question without an answer in the documents ends in just that sentence, and quotes nothing."""
    async with company.running():
        answer = await company.asked("ana", "general", "@Footnote which database does the billing system use?")
    assert "don't say" in answer.visible_text


async def test_a_foreign_question_is_told_so(company: Whole) -> None:
    """A question in a language that the model does not know is answered in that language, with what to do."""
    async with company.running():
        answer = await company.asked("ana", "dm-ana", "wie viele Urlaubstage habe ich im Jahr")
    assert "auf Englisch" in answer.visible_text


class TestAudience:
    """Only what every reader of the reply may read."""

    QUESTION = f"@Footnote {BAND_FOUR}"

    async def test_the_group_is_answered_where_it_is_alone(self, company: Whole) -> None:
        """In a channel whose every member holds the group, its documents answer."""
        async with company.running():
            answer = await company.asked("ana", "people-ops", self.QUESTION)
        assert "70,000" in answer.visible_text

    async def test_one_other_reader_is_enough_to_say_nothing(self, company: Whole) -> None:
        """Where one member may not read it, the same person gets no word, title or heading of it."""
        async with company.running():
            answer = await company.asked("ana", "general", self.QUESTION)
        assert "70,000" not in answer.visible_text
        assert "Pay bands" not in answer.visible_text
        assert not any("70,000" in str(call.arguments) for call in company.slack.calls)

    async def test_a_direct_message_is_read_by_the_asker_alone(self, company: Whole) -> None:
        """The same question in private is answered to who may read it, and to nobody else."""
        async with company.running():
            allowed = await company.asked("ana", "dm-ana", BAND_FOUR)
            refused = await company.asked("ben", "dm-ben", BAND_FOUR)
        assert "70,000" in allowed.visible_text
        assert "70,000" not in refused.visible_text

    async def test_a_guest_in_the_channel_closes_the_handbook(self, company: Whole) -> None:
        """Documents for members are not quoted where a guest reads along."""
        async with company.running():
            answer = await company.asked("ana", "project-x", LEAVE_QUESTION)
        assert "240" not in answer.visible_text

    async def test_a_guest_is_told_whom_to_ask(self, company: Whole) -> None:
        """A guest gets one polite sentence."""
        async with company.running():
            answer = await company.asked("gus", "project-x", LEAVE_QUESTION)
        assert "only answer members" in answer.visible_text

    async def test_memory_does_not_carry_words_to_a_new_reader(self, company: Whole) -> None:
        """After somebody joins, a follow-up shows nothing that the newcomer may not read."""
        async with company.running():
            first = await company.asked("ana", "people-ops", self.QUESTION)
            await company.slack.join("ben", "people-ops")
        async with company.running():  # another process: what is known of the channel is asked anew
            second = await company.asked("ana", "people-ops", "and how much is that at most?", thread_ts=first.root_ts)
        assert "85,000" not in second.visible_text
        assert "Pay bands" not in second.visible_text


async def test_deleted_means_gone_while_the_bot_runs(tmp_path: Path) -> None:
    """A document removed from its folder is unanswerable after the next indexing, also for a follow-up."""
    async with whole(tmp_path) as company:
        await company.indexed("handbook", HANDBOOK)
        async with company.running():
            first = await company.asked("ana", "general", LEAVE_QUESTION)
            await company.indexed("handbook", {name: text for name, text in HANDBOOK.items() if name != "leave.md"})
            second = await company.asked("ana", "general", "and how many hours exactly?", thread_ts=first.root_ts)
    assert "240" in first.visible_text
    assert "240" not in second.visible_text


async def test_deleted_means_gone_wherever_an_answer_can_be_seen_again(tmp_path: Path) -> None:
    """Home, *Share here*, *Why this answer?* and *Outdated?* have no word of a document that went since."""
    async with whole(tmp_path) as company:
        slack = company.slack
        await company.indexed("handbook", HANDBOOK)
        async with company.running() as footnote:
            answer = await company.asked("ana", "general", LEAVE_QUESTION)
            await slack.command("ana", "general", "/ask", LEAVE)
            alone = await company.told("ana", "general", "240 hours")
            await company.settled(footnote)
            await company.indexed("handbook", {name: text for name, text in HANDBOOK.items() if name != "leave.md"})
            seen = len(company.eyes.seen[slack.id_of("ana")])
            await slack.click("ana", "general", alone.ts, "share")
            await company.told("ana", "general", "What it cites has changed since")
            await slack.click("ana", "general", answer.ts, "outdated")
            await company.told("ana", "general", "isn't there any more", root=answer.root_ts)
            await slack.click("ana", "general", answer.ts, "why")
            await slack.wait_until(lambda: "Something else was weighed" in company.modal("ana"))
            slack.open_home("ana")
            await slack.wait_until(lambda: "Your last questions" in company.home_tab("ana"))
            home = slack.home("ana")
            assert home
            await slack.click_in_view(home.id, "reopen")
            await slack.wait_until(lambda: "The words of this answer are gone" in company.modal("ana"))
            await company.settled(footnote)
    shown_since = company.eyes.seen[slack.id_of("ana")][seen:]
    assert not any("240 hours" in one or "Annual leave" in one for one in shown_since)


async def test_a_hostile_document_shows_no_link_and_no_mention(company: Whole) -> None:
    """Whatever a document says, nothing in the posted blocks can be clicked, loads an image or calls people."""
    hostile = (
        "# Expenses\n\n## How to claim\n\nTo claim expenses <!channel> open [the form](https://evil.example/?leak=1) "
        "and <@U07BENOKFR2> ![pixel](https://evil.example/p.png) will pay within nine days.\n"
    )
    await company.indexed("expenses", {"expenses.md": hostile})
    async with company.running():
        answer = await company.asked("ana", "general", "@Footnote how do I claim expenses?")
    assert "nine days" in answer.visible_text
    assert answer.links == []
    assert not any("evil.example" in str(call.arguments) for call in company.slack.calls)
    assert not any("<!channel>" in str(call.arguments) for call in company.slack.calls)
