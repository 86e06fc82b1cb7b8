"""Every way in, and everything beside an answer: walked through the page as people would, with the whole bot there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from bot.answering.respond import MEMBERS_ONLY
from bot.desk.clickers import NOT_YOURS
from tests.browser.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
UNSAID = "which database does the billing system use?"


# --- ways in ---------------------------------------------------------------------------------------------------------


async def test_a_mention_and_a_follow_up_by_somebody_else(walk: Walk) -> None:
    """Answered in the thread, nothing but what answers; the next question needs no name, and leans on the first."""
    answer = await walk.ask("@Footnote how many hours of annual leave can I carry over?")
    await expect(answer).to_contain_text("at most 240 hours")
    await expect(answer).to_contain_text("Leave › Annual leave")
    await expect(answer).to_contain_text("updated 3 weeks ago")
    await expect(answer).to_contain_text("older than 1")
    await expect(answer).not_to_contain_text("Trips")
    await walk.be("ben")
    await walk.reply("and what happens to hours above that?")
    second = await walk.finished(2)
    await expect(second).to_contain_text("forfeited")
    await expect(second).to_contain_text("Understood as")


async def test_a_mention_without_a_question(walk: Walk) -> None:
    """It answers what the thread asks; where nothing is asked, it says how to ask."""
    asked = await walk.say("when is lunch served?")
    await walk.settled()
    await expect(walk.line(asked).locator(".replies-button")).to_have_count(0)
    await walk.line(asked).hover()
    await walk.line(asked).get_by_role("button", name="Reply", exact=True).click()
    await walk.be("ben")
    await walk.reply("@Footnote")
    await expect(await walk.finished()).to_contain_text("from noon until two")
    await walk.say("@Footnote")
    await expect(walk.answers).to_contain_text("Ask me something after my name")


async def test_a_direct_message_begins_with_questions_from_the_docs(walk: Walk) -> None:
    """One click asks one; what only this person may read is answered too; each conversation has its title."""
    await walk.go("dm-ana")
    prompts = walk.page.locator(".suggestion")
    await expect(prompts).to_have_count(3)
    await expect(prompts.filter(has_text="VPN")).to_have_count(1)
    await prompts.filter(has_text="VPN").click()
    await expect(walk.answers).to_contain_text("Install the VPN client")
    with walk.generator.held():
        await walk.say("how much does band four earn?")
        await expect(walk.page.locator(".session").first).to_have_text("how much does band four earn?at work")
    await expect(await walk.finished()).to_contain_text("between 70,000 and 85,000 euros")
    await expect(walk.page.locator("#thread-title")).to_have_text("how much does band four earn?")


async def test_a_private_answer_is_shared(walk: Walk) -> None:
    """Nobody sees it before; everybody sees it afterwards, with who asked, once."""
    mine = await walk.ask_privately("how do I claim expenses?", answer="photograph the receipts")
    await expect(mine).to_contain_text("Only visible to you")
    await walk.be("ben")
    await expect(walk.page.locator("#messages")).not_to_contain_text("photograph the receipts")
    await walk.be("ana")
    await mine.get_by_role("button", name="Share here").click()
    shared = walk.page.locator("#messages .message:not(.message-only)", has_text="photograph the receipts")
    await expect(shared).to_contain_text("Asked by @Ana Ribeiro")
    await walk.be("ben")
    await expect(shared).to_contain_text("how do I claim expenses?")
    await expect(shared.get_by_role("button", name="Share here")).to_have_count(0)


async def test_a_private_answer_is_followed_up(walk: Walk) -> None:
    """A form stands in for the thread that a command has not."""
    mine = await walk.ask_privately("how do I book a trip?", answer="through the travel desk")
    await mine.get_by_role("button", name="Ask follow-up").click()
    await walk.form.get_by_label("Your question").fill("and which of them go by train?")
    await walk.form.get_by_role("button", name="Ask", exact=True).click()
    await expect(walk.private.filter(has_text="Understood as")).to_contain_text("under four hours go by train")


async def test_a_search_has_pages(walk: Walk) -> None:
    """Passages with their places and ages, only for who searches, and nothing that they may not read."""
    await walk.be("ben")
    await walk.type("/search leave")
    found = walk.private.filter(has_text="Passages for “leave”")
    await expect(found).to_contain_text("Leave › Annual leave")
    await expect(found).to_contain_text("updated 3 weeks ago")
    await found.get_by_role("button", name="More").click()
    await expect(found).to_contain_text("page 2")
    await expect(walk.page.locator("#messages")).not_to_contain_text("Pay bands")
    await walk.be("ana")
    await expect(walk.page.locator("#messages")).not_to_contain_text("Passages for")


async def test_a_colleagues_message_is_answered_in_its_thread(walk: Walk) -> None:
    """Where everyone reads it."""
    await walk.be("ben")
    asked = await walk.say("where do visitors park?")
    await walk.be("ana")
    await walk.choose(walk.line(asked), "Answer this")
    await expect(walk.form.get_by_label("In the thread")).to_be_checked()
    await walk.form.get_by_role("button", name="Answer", exact=True).click()
    await walk.thread(asked)
    await walk.be("ben")
    await expect(await walk.finished()).to_contain_text("Visitors park on level two")


async def test_a_colleagues_message_is_answered_to_one_alone(walk: Walk) -> None:
    """Nobody else sees that anything happened."""
    await walk.be("ben")
    asked = await walk.say("what do I do about a lost badge?")
    await walk.be("ana")
    await walk.choose(walk.line(asked), "Answer this")
    await walk.form.get_by_label("Only to me").check()
    await walk.form.get_by_role("button", name="Answer", exact=True).click()
    await expect(walk.page.locator(".message-only", has_text="it is blocked at once").first).to_be_attached()
    await walk.be("ben")
    await expect(walk.page.locator("#app")).not_to_contain_text("it is blocked at once")


async def test_a_thread_is_summarised(walk: Walk) -> None:
    """In people's own words, each with who said it, for the one who asked."""
    await walk.be("ben")
    root = await walk.say("The projector in room 4 is broken again.")
    replies = (
        ("ana", "I told the reception desk about it this morning, they ordered a new lamp."),
        ("ben", "The lamp arrives on Thursday."),
        ("ana", "Until then we can use room 6, I booked it for the all-hands."),
    )
    for person, words in replies:
        await walk.slack.say(person, "general", words, thread_ts=root)
    await walk.thread(root)
    await walk.choose(walk.page.locator("#replies .message").first, "Summarise thread")
    await expect(walk.whispers).to_contain_text("What this thread says")
    await expect(walk.whispers).to_contain_text("The lamp arrives on Thursday.")
    await expect(walk.whispers).to_contain_text("@Ana Ribeiro")
    assert await walk.whispers.get_by_role("link").count() >= 2
    await walk.be("ana")
    await expect(walk.whispers).to_have_count(0)


async def test_an_admin_lets_a_channel_be_answered_unasked(walk: Walk) -> None:
    """From then on a sure answer comes by itself; what the docs do not say stays without a word."""
    await walk.admin_sets("it-help", auto_answer=True)
    await expect(walk.page.get_by_role("region", name="Home")).to_contain_text("answers by itself")
    await walk.be("ana")
    await walk.go("it-help")
    unsure = await walk.say(UNSAID)
    sure = await walk.say("how do I change the PIN of my badge?")
    await walk.thread(sure)
    await expect(await walk.finished()).to_contain_text("type the new PIN twice")
    await walk.settled()
    await expect(walk.line(unsure).locator(".replies-button")).to_have_count(0)


async def test_an_edited_question_is_answered_anew(walk: Walk) -> None:
    """In the same message, and by itself."""
    asked = await walk.say("@Footnote how do I replace a laptop?")
    await expect(await walk.finished()).to_contain_text("every four years")
    await walk.choose(walk.line(asked), "Edit message")
    await walk.page.get_by_label("Edit message").fill("@Footnote what about a laptop with a broken screen?")
    await walk.page.keyboard.press("Enter")
    await expect(walk.answers).to_contain_text("repair counter")
    await expect(walk.answers).to_have_count(1)
    await expect(walk.answers).not_to_contain_text("Understood as")


# --- while it is made ------------------------------------------------------------------------------------------------


async def test_an_answer_grows_and_is_stopped(walk: Walk) -> None:
    """What is there is shown, with Stop; then it says so; and goes on when asked to."""
    with walk.generator.held():
        await walk.say("@Footnote how do I request parental leave?")
        stop = walk.page.get_by_role("button", name="Stop")
        await expect(stop).to_have_count(1)
        await stop.click()
        await expect(walk.answers).to_contain_text("Stopped.")
        await expect(stop).to_have_count(0)
    await walk.answers.get_by_role("button", name="Answer anyway").click()
    await expect(walk.answers).to_contain_text("eight weeks before it begins")
    await expect(walk.answers).to_have_count(1)


async def test_a_deleted_question_takes_its_answer_with_it(walk: Walk) -> None:
    """While that is still being made."""
    with walk.generator.held():
        asked = await walk.say("@Footnote may I work from another country?")
        await expect(walk.page.get_by_role("button", name="Stop")).to_have_count(1)
        await walk.choose(walk.line(asked), "Delete message")
        await walk.page.locator("#confirm").get_by_role("button", name="Delete").click()
        await expect(walk.line(asked)).to_contain_text("This message was deleted.")
        await expect(walk.answers).to_have_count(0)
    await walk.settled()
    await expect(walk.page.locator("#app")).not_to_contain_text("Ask for approval")


# --- beside an answer ------------------------------------------------------------------------------------------------


async def test_the_docs_do_not_say_and_a_person_does(walk: Walk) -> None:
    """It says so, names what is closest, brings people in once, and they close it."""
    await walk.admin_sets("it-help", humans="S07PEOPLEOP")
    await walk.be("ana")
    await walk.go("it-help")
    unsaid = await walk.ask(f"@Footnote {UNSAID}")
    await expect(unsaid).to_contain_text("don't say")
    await expect(unsaid).to_contain_text("Closest:")
    await expect(unsaid).to_contain_text(f"Searched for: {UNSAID}")
    await unsaid.get_by_role("button", name="Ask a person").click()
    call = await walk.finished(2)
    await expect(call.locator(".mention", has_text="@people-ops")).to_have_count(1)
    await walk.be("ben")
    await unsaid.get_by_role("button", name="Ask a person").click()
    await expect(walk.whispers).to_contain_text("Somebody was asked already")
    await call.get_by_role("button", name="Resolved").click()
    await walk.form.get_by_label("What was the answer?").fill("PostgreSQL 17")
    await walk.form.get_by_role("button", name="Resolve").click()
    await expect(call).to_contain_text("Resolved by @Ben Okafor")
    await expect(call.get_by_role("button", name="Resolved")).to_have_count(0)


async def test_a_rating_has_reasons_and_can_be_changed(walk: Walk) -> None:
    """A thumb down asks why; what was said stands there when one comes back; a thumb up takes its place."""
    answer = await walk.ask("@Footnote what are the per diem rates?")
    good, bad = answer.locator("[data-side=positive]"), answer.locator("[data-side=negative]")
    await bad.click()
    await walk.form.get_by_label("It is outdated").check()
    await walk.form.get_by_label("What should it say?").fill("30 € from January on")
    await walk.form.get_by_role("button", name="Send").click()
    await expect(walk.form).to_be_hidden()
    await bad.click()
    await expect(walk.form.get_by_label("It is outdated")).to_be_checked()
    await expect(walk.form.get_by_label("What should it say?")).to_have_value("30 € from January on")
    await walk.form.get_by_role("button", name="Cancel").click()
    await good.click()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await expect(bad).to_have_attribute("aria-pressed", "false")


async def test_why_this_answer(walk: Walk) -> None:
    """What was understood, searched, used and left out, and a way to report what is wrong."""
    answer = await walk.ask("@Footnote how many weeks of parental leave are there?")
    await walk.be("ben")
    await answer.get_by_role("button", name="Why this answer?").click()
    for words in (
        "Understood as",
        "6 documents",
        "in handbook ·",
        "Parental leave",
        "Left out",
        "quoted word for word",
    ):
        await expect(walk.form).to_contain_text(words)
    await expect(walk.form).not_to_contain_text("Pay bands")
    await walk.form.get_by_role("button", name="Report a problem").click()
    await expect(walk.form.get_by_label("A source is missing")).to_be_visible()


async def test_a_doubt_reaches_the_owner(walk: Walk) -> None:
    """By direct message, with the passage, once a day; whoever doubts hears that they were told."""
    answer = await walk.ask("@Footnote how do I set up the VPN?")
    await answer.get_by_role("button", name="Source 1 is outdated").click()
    await expect(walk.whispers.first).to_contain_text("Told the owner.")
    await answer.get_by_role("button", name="Source 1 is outdated").click()
    await expect(walk.whispers).to_contain_text(["Told the owner.", "Already reported today"])
    await walk.be("ben")
    await walk.go("dm-ben")
    doubt = walk.page.locator("#messages .message", has_text="may be outdated")
    await expect(doubt).to_contain_text("@Ana Ribeiro")
    await expect(doubt).to_contain_text("Working from afar › Setting up the VPN")


async def test_what_only_one_may_read_comes_to_one_alone(walk: Walk) -> None:
    """The channel learns that the docs do not say; the asker that there is more, and gets it as a direct message."""
    answer = await walk.ask("@Footnote how large is the average raise for 2026?")
    await expect(answer).not_to_contain_text("3.4 percent")
    hint = walk.page.locator(".message-only", has_text="There is more in documents only you can see.").first
    await hint.get_by_role("button", name="Send it to me").click()
    await walk.be("ben")
    await expect(walk.page.locator("#app")).not_to_contain_text("There is more")
    await walk.be("ana")
    await walk.go("dm-ana")
    root = walk.page.locator("#messages .message", has_text="You asked in #general:").last
    await root.locator(".replies-button").click()
    await expect(await walk.finished(2)).to_contain_text("3.4 percent")


# --- Home, guests, strangers -----------------------------------------------------------------------------------------


async def test_home_brings_back_what_was_asked(walk: Walk) -> None:
    """How to ask, what one asked last, what is known; and nothing that is for admins."""
    await walk.be("ben")
    await walk.go("general")
    await walk.ask("@Footnote when do I need a doctor's note?")
    await walk.go("dm-ben")
    home = await walk.home()
    for words in ("Ask the docs", "Your last questions", "What I know", "handbook · 6 documents"):
        await expect(home).to_contain_text(words)
    for words in ("pay ·", "For admins"):
        await expect(home).not_to_contain_text(words)
    await home.get_by_role("button", name="Show the answer to: when do I need a doctor's note?").click()
    await expect(walk.form).to_contain_text("send a doctor's note to People Ops")


async def test_a_guest_gets_no_answer(walk: Walk) -> None:
    """But a line that says why; and with a guest there, members get none from the docs of members."""
    await walk.be("gus")
    await walk.go("project-x")
    await walk.say("@Footnote is there vegetarian food at lunch?")
    await expect(walk.page.locator("#thread")).to_contain_text(MEMBERS_ONLY)
    await walk.be("ana")
    answer = await walk.ask("@Footnote are dishes with a green leaf vegetarian?")
    await expect(answer).to_contain_text("The docs that everyone here can read don't say.")


async def test_a_foreign_click_does_nothing(walk: Walk) -> None:
    """Somebody who presses the button of another's private answer hears so, and nothing else happens."""
    await walk.type("/ask by when does my lead answer?")
    mine = walk.private.filter(has_text="within three working days")
    ts = await mine.get_attribute("data-ts") or ""
    workspace = walk.slack.workspace
    theirs = workspace.room("general").ephemeral[ts]
    workspace.post(replace(theirs, ts=workspace.timestamps.next(), text="…", ephemeral_to="ben"))
    await walk.be("ben")
    await walk.private.get_by_role("button", name="Share here").last.click()
    await expect(walk.private.filter(has_text=NOT_YOURS)).to_have_count(1)
    await walk.settled()
    shared = walk.page.locator("#messages .message:not(.message-only)", has_text="within three working days")
    await expect(shared).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
async def test_what_the_bot_shows_can_be_read(walk: Walk, width: int, scheme: Any) -> None:
    """An answer, why it came about, and Home, narrow and wide: nothing sticks out, every word stands out."""

    async def look() -> None:
        assert not await walk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert await walk.page.evaluate(CONTRAST) == []

    await walk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await walk.page.set_viewport_size({"width": width, "height": 800})
    answer = await walk.ask(f"@Footnote how much is the per diem for France, {width} {scheme}?")
    await look()
    await answer.get_by_role("button", name="Why this answer?").click()
    await expect(walk.form).to_contain_text("Left out")
    await look()
