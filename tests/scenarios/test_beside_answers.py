"""What stands beside an answer: thumbs, why, people, doubts; and clicks that are nobody's to make."""

import json
from dataclasses import replace
from typing import Any

from bot.channels import ChannelSettings
from bot.desk.clickers import NOT_YOURS
from bot.feedback import Reason
from bot.playground import Message
from tests.scenarios.company import BAND_FOUR, LEAVE, LUNCH, UNKNOWN
from tests.scenarios.whole import Whole


async def test_thumbs_are_stored_with_reasons_and_can_be_changed(company: Whole) -> None:
    """👍 of one and 👎 of another count both; 👎 asks why; the last word of each person is the one that is kept."""
    slack = company.slack
    async with company.running() as footnote:
        answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        question = f"{slack.team_id}/{slack.id_of('general')}/{answer.root_ts}"
        await slack.click("ana", "general", answer.ts, "rate", value=thumb(answer, "positive"))
        await slack.click("ben", "general", answer.ts, "rate", value=thumb(answer, "negative"))
        form = slack.modal("ben")
        assert form
        assert slack.modal("ana") is None
        words = "The limit is different for part-time staff."
        await slack.submit(form.id, {"reasons": ["outdated", "other"], "words": words})
        assert slack.modal("ben") is None
        said = {one.person: one for one in await footnote.memory.feedback.ratings(question)}
        assert {person: one.rating for person, one in said.items()} == {
            slack.id_of("ana"): "good",
            slack.id_of("ben"): "bad",
        }
        assert said[slack.id_of("ben")].reasons == (Reason.OUTDATED, Reason.OTHER)
        assert said[slack.id_of("ben")].words == words
        await slack.click("ben", "general", answer.ts, "rate", value=thumb(answer, "positive"))
        assert {one.rating for one in await footnote.memory.feedback.ratings(question)} == {"good"}
        assert len(await footnote.memory.feedback.ratings(question)) == 2


async def test_why_shows_each_clicker_what_they_may_read(company: Whole) -> None:
    """The asker sees the passages; somebody who came later, with fewer rights, sees that there was something else."""
    slack = company.slack
    async with company.running() as footnote:
        answer = await company.asked("ana", "people-ops", f"@Footnote {BAND_FOUR}")
        await slack.click("ana", "people-ops", answer.ts, "why")
        await slack.wait_until(lambda: "Understood as" in company.modal("ana"))
        await slack.join("ben", "people-ops")
        room = slack.workspace.room("people-ops")
        slack.workspace.remove(room.messages[answer.ts])  # who joins sees it too: it must not be looked at as a leak
        slack.workspace.post(replace(answer, blocks=deeds_of(answer), text="…", nodes=()))
        await slack.click("ben", "people-ops", answer.ts, "why")
        await slack.wait_until(lambda: "Understood as" in company.modal("ben"))
        await company.settled(footnote)
    mine, others = company.modal("ana"), company.modal("ben")
    assert "how much does band four earn?" in mine
    assert "Quillfeather" in mine
    assert "Record Q-" in mine
    assert "quoted word for word" in mine
    assert "not yours to read" in others
    assert "Report a problem" in others


async def test_a_problem_is_reported_from_why(company: Whole) -> None:
    """The button in the modal leads to the form with reasons, and a bad rating of that very answer."""
    slack = company.slack
    async with company.running() as footnote:
        answer = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        await slack.click("ben", "general", answer.ts, "why")
        await slack.wait_until(lambda: "Report a problem" in company.modal("ben"))
        why = slack.modal("ben")
        assert why
        await slack.click_in_view(why.id, "report_problem")
        form = slack.modal("ben")
        assert form
        await slack.submit(form.id, {"reasons": ["wrong"]})
        question = f"{slack.team_id}/{slack.id_of('general')}/{answer.root_ts}"
        ratings = await footnote.memory.feedback.ratings(question)
    assert [(one.person, one.rating) for one in ratings] == [(slack.id_of("ben"), "bad")]


async def test_ask_a_person_and_resolved(company: Whole) -> None:
    """The group is mentioned once, for real; whoever presses again hears so; a person's words close the question."""
    slack = company.slack
    async with company.running() as footnote:
        await company.set_up(footnote, "general", ChannelSettings(humans="S07PEOPLEOP"))
        unsaid = await company.asked("ana", "general", f"@Footnote {UNKNOWN}")
        root = unsaid.root_ts
        assert "don't say" in unsaid.visible_text
        assert "Closest:" in unsaid.visible_text
        assert "Searched for" in unsaid.visible_text
        await slack.click("ana", "general", unsaid.ts, "ask_person")
        call = await company.answered("general", root, before=1)
        assert [one.text for one in call.nodes_of("mention")][:1] == ["@people-ops"]
        await slack.click("ben", "general", unsaid.ts, "ask_person")
        await company.told("ben", "general", "Somebody was asked already", root=root)
        for person in ("ben", "ana"):
            await slack.click(person, "general", call.ts, "resolved")
        forms = {person: slack.modal(person) for person in ("ben", "ana")}
        assert forms["ben"]
        assert forms["ana"]
        await slack.submit(forms["ben"].id, {"answer": "PostgreSQL, see <!channel> @here"})
        await slack.wait_until(lambda: "Resolved by" in company.by_bot("general", root)[-1].visible_text)
        await slack.submit(forms["ana"].id, {"answer": "Something else"})
        await company.told("ana", "general", "resolved already", root=root)
        await company.settled(footnote)
        question = f"{slack.team_id}/{slack.id_of('general')}/{root}"
        closed = await footnote.memory.feedback.escalation(question)
    assert closed
    assert (closed.resolved_by, closed.asked_by) == (slack.id_of("ben"), slack.id_of("ana"))
    assert closed.answer.startswith("PostgreSQL")
    assert len(company.by_bot("general", root)) == 2
    assert company.by_bot("general", root)[-1].nodes_of("mention")[0].text == "@Ben Okafor"


async def test_nobody_to_ask_is_said(company: Whole) -> None:
    """Where no group is set, the clicker alone hears what to do."""
    async with company.running():
        unsaid = await company.asked("ana", "general", f"@Footnote {UNKNOWN}")
        await company.slack.click("ben", "general", unsaid.ts, "ask_person")
        await company.told("ben", "general", "Nobody is set up", root=unsaid.root_ts)
    assert len(company.by_bot("general", unsaid.root_ts)) == 1


async def test_a_doubt_reaches_the_owner_once_a_day(company: Whole) -> None:
    """The owner named in the front matter gets the passage by direct message; without one the help channel does."""
    slack = company.slack
    async with company.running() as footnote:
        answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
        assert "· ben" in answer.visible_text
        await slack.click("ana", "general", answer.ts, "outdated")
        await company.told("ana", "general", "Told the owner", root=answer.root_ts)
        await slack.click("ben", "general", answer.ts, "outdated")
        await company.told("ben", "general", "Already reported today", root=answer.root_ts)
        [doubt] = slack.messages("dm-ben")
        assert "240 hours" in doubt.visible_text
        assert "Ana Ribeiro" in doubt.visible_text
        lunch = await company.asked("ana", "general", f"@Footnote {LUNCH}")
        await slack.click("ben", "general", lunch.ts, "outdated")
        await company.told("ben", "general", "Told the people who look after the docs", root=lunch.root_ts)
        await company.settled(footnote)
        [told] = slack.messages("it-help")
    assert "noon" in told.visible_text
    assert len(slack.messages("dm-ben")) == 1


class TestForeignClicks:
    """Another person's button does nothing but a polite private line."""

    async def test_what_is_only_the_askers_stays_the_askers(self, company: Whole) -> None:
        """The buttons of a private answer, in front of somebody else: each says so to them alone, and nothing more."""
        slack = company.slack
        async with company.running() as footnote:
            await slack.command("ana", "general", "/ask", LEAVE)
            mine = await company.told("ana", "general", "240 hours")
            theirs = in_front_of(company, mine, "ben")
            calls = len(slack.calls)
            for action in ("share", "follow_up", "ask_person", "why"):
                await slack.click("ben", "general", theirs.ts, action)
                await company.settled(footnote)
            await slack.wait_until(lambda: len([*self._refusals(company)]) >= 3)
            await slack.wait_until(lambda: NOT_YOURS in company.modal("ben"))
        assert self._refusals(company) == [NOT_YOURS] * 3
        assert [one for one in slack.messages("general") if one.author == "bot" and one.ephemeral_to is None] == []
        allowed = {"users.info", "usergroups.list", "views.open", "views.update"}
        assert {call.method for call in slack.calls[calls:]} <= allowed

    @staticmethod
    def _refusals(company: Whole) -> list[str]:
        lines = [line.visible_text for line in company.private("ben", "general")]
        return [line for line in lines if line == NOT_YOURS]

    async def test_a_value_that_we_never_made_does_nothing(self, company: Whole) -> None:
        """A button whose value was changed is too old to use, for whoever presses it."""
        slack = company.slack
        async with company.running() as footnote:
            answer = await company.asked("ana", "general", f"@Footnote {LEAVE}")
            for action in ("why", "ask_person", "outdated"):
                copy = replace(answer, ts=f"{answer.ts}{len(action)}", blocks=forged(answer), nodes=())
                posted = slack.workspace.post(copy)
                await slack.click("ben", "general", posted.ts, action)
                await company.told("ben", "general", "too old to use", root=answer.root_ts)
                slack.workspace.remove(posted)
            await company.settled(footnote)
        assert len(company.by_bot("general", answer.root_ts)) == 1
        assert slack.messages("dm-ben") == []


class TestNobodyAsked:
    """Nothing that is not a person's message ever makes the bot say anything."""

    async def test_robots_and_slack_itself(self, company: Whole) -> None:
        """Other bots, workflows, Slackbot, joins, topics, previews, in a channel, in its threads, with mentions."""
        slack = company.slack
        async with company.running() as footnote:
            for channel in ("general", "it-help"):
                settings = ChannelSettings(auto_answer=True)
                await company.set_up(footnote, channel, settings)
            root = (await company.asked("ana", "general", f"@Footnote {LEAVE}")).root_ts
            before = told(company)
            for kind in ("webhook", "app", "workflow", "slackbot"):
                await slack.bot_says("general", f"@Footnote {LUNCH}", kind=kind)
                await slack.bot_says("general", LUNCH, kind=kind)
                await slack.bot_says("general", f"@Footnote {LUNCH}", thread_ts=root, kind=kind)
                await slack.bot_says("general", LUNCH, thread_ts=root, kind=kind)
            for subtype in (
                "channel_join",
                "channel_topic",
                "channel_purpose",
                "channel_name",
                "pinned_item",
                "bot_add",
            ):
                await slack.system_message("general", subtype)
            await slack.join("ada", "general")
            await slack.leave("ada", "general")
            await slack.unfurl("general", root)
            await slack.unfurl("general", company.by_bot("general", root)[0].ts)
            for delivery in [one for one in slack.deliveries if one.payload["event"].get("user") == slack.bot_user_id]:
                slack.redeliver(delivery)
            await company.settled(footnote)
        assert told(company) == before


def told(company: Whole) -> list[str]:
    """The calls that made something visible to anybody."""
    return [call.method for call in company.slack.calls if call.method.startswith(("chat.", "views.", "assistant."))]


def thumb(message: Message, side: str) -> str:
    """The value of one side of the feedback buttons."""
    elements = [element for block in message.blocks for element in block.get("elements", ())]
    return next(one[f"{side}_button"]["value"] for one in elements if one["type"] == "feedback_buttons")


def deeds_of(message: Message) -> tuple[dict[str, Any], ...]:
    """The last row of buttons alone."""
    return (message.blocks[-1],)


def in_front_of(company: Whole, message: Message, person: str) -> Message:
    """The buttons of a private line, in a private line of somebody else's."""
    workspace = company.slack.workspace
    blocks = tuple(block for block in message.blocks if block["type"] == "actions")
    return workspace.post(
        replace(message, ts=workspace.timestamps.next(), text="…", blocks=blocks, ephemeral_to=person),
    )


def forged(message: Message) -> tuple[dict[str, Any], ...]:
    """Its blocks with another question in every value."""
    return tuple(json.loads(json.dumps(message.blocks).replace("/C07GENERAL1/1", "/C07GENERAL1/2")))
