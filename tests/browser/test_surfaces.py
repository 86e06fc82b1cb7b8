"""What the page shows of Slack's other surfaces: commands, message menus, private lines, forms, Home, sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from bot.playground import Playground
from tests.browser import pieces
from tests.browser.speaker import Speaker

pytestmark = pytest.mark.asyncio(loop_scope="session")

GENERAL, DIRECT = "C07GENERAL1", "D07ANARBRO1"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
MODAL, PRIVATE = "#modal", "#messages .message-only"


def line(page: Page, ts: str) -> Locator:
    """A message in the middle column."""
    return page.locator(f'#messages [data-ts="{ts}"]')


async def send(page: Page, words: str, box: str = "#box") -> None:
    """Type and press Enter."""
    await page.fill(box, words)
    await page.press(box, "Enter")


async def choose(message: Locator, words: str) -> None:
    """Pick from a message's menu, with the mouse."""
    await message.hover()
    await message.get_by_label("Message actions").first.click()
    await message.get_by_role("button", name=words).click()


async def answered(slack: Playground, speaker: Speaker) -> str:
    """A question with the great answer in its thread."""
    ts = await slack.say("ben", "general", "how many hours?")
    await speaker.client.chat_postMessage(channel=GENERAL, thread_ts=ts, text="240", blocks=pieces.ANSWER)
    return ts


# --- commands --------------------------------------------------------------------------------------------------------


async def test_a_slash_offers_the_commands(stage: Page, speaker: Speaker, slack: Playground) -> None:
    """Both with their hints; arrows and Tab complete, Enter sends what was typed in full."""
    await stage.locator("#box").press_sequentially("/")
    await expect(stage.get_by_role("option")).to_have_text(
        [r"/ask questionAn answer only you can see", "/search wordsPassages from the docs, only for you"]
    )
    await stage.keyboard.press("ArrowDown")
    await stage.keyboard.press("Tab")
    await expect(stage.locator("#box")).to_have_value("/search ")
    await stage.keyboard.type("carry over")
    await stage.keyboard.press("Enter")
    await expect(stage.locator(PRIVATE)).to_contain_text("240 hours")
    assert speaker.heard[-1] == ("/search", "carry over")
    assert [message.ephemeral_to for message in slack.messages("general")] == ["ana"]


async def test_a_command_is_refused_as_slack_refuses_it(stage: Page, speaker: Speaker, slack: Playground) -> None:
    """In a thread, and when there is no such command; what was typed stays in the box."""
    ts = await slack.say("ana", "general", "hello")
    await line(stage, ts).hover()
    await stage.get_by_role("button", name="Reply", exact=True).click()
    await send(stage, "/ask why", "#thread-box")
    await expect(stage.get_by_role("alert")).to_have_text("/ask is not supported in threads. Sorry!")
    await expect(stage.locator("#thread-box")).to_have_value("/ask why")
    await send(stage, "/nothing", "#box")
    await expect(stage.get_by_role("alert").first).to_have_text("/nothing is not a valid command.")
    assert speaker.values("/ask") == []


async def test_a_command_works_in_the_direct_message(stage: Page, speaker: Speaker) -> None:
    """And opens no thread."""
    await stage.locator(f'[data-room="{DIRECT}"]').click()
    await send(stage, "/ask how many?")
    await expect(stage.locator(PRIVATE)).to_contain_text("240 hours")
    await expect(stage.locator("#thread")).to_be_hidden()
    assert speaker.values("/ask") == ["how many?"]


# --- messages --------------------------------------------------------------------------------------------------------


async def test_shortcuts_stand_in_a_messages_menu(stage: Page, speaker: Speaker, slack: Playground) -> None:
    """For everybody's messages, by mouse and by keyboard, in the channel and in its thread."""
    ts = await answered(slack, speaker)
    await choose(line(stage, ts), "Answer this")
    await slack.wait_until(lambda: speaker.values("answer_this") == [ts])
    await line(stage, ts).locator(".replies-button").click()
    menu = stage.locator("#replies .message[data-author=bot]").first.get_by_label("Message actions").first
    await menu.focus()
    await stage.keyboard.press("ArrowDown")
    await stage.keyboard.press("ArrowDown")
    await stage.keyboard.press("Enter")
    await slack.wait_until(lambda: speaker.values("summarise_thread"))
    await expect(stage.locator("#replies .message-only").first).to_contain_text("Only visible to you")
    await expect(stage.locator("#replies .count")).to_have_text("1 reply")


async def test_what_no_person_says_is_told_apart(stage: Page, slack: Playground) -> None:
    """Another app bears its badge; Slack's own lines have no menu."""
    theirs = await slack.bot_says("general", "Deployed", kind="app")
    joined = await slack.system_message("general", "channel_join", person="ben")
    await expect(line(stage, theirs).locator(".by")).to_contain_text("DeploysApp")
    await expect(line(stage, joined)).to_contain_text("has joined the channel")
    await expect(line(stage, joined).get_by_label("Message actions")).to_have_count(0)


async def test_a_message_is_edited_in_its_place(stage: Page, slack: Playground) -> None:
    """One's own alone; mentions survive, Escape leaves everything as it was, the word is shown for all to see."""
    ts = await slack.say("ana", "general", "@Footnote how meny <#project-x>?")
    await choose(line(stage, ts), "Edit message")
    box = stage.get_by_label("Edit message")
    await expect(box).to_have_value("@footnote how meny <#project-x>?")
    await box.fill("something else")
    await stage.keyboard.press("Escape")
    await expect(line(stage, ts).locator(".body")).to_have_text("@Footnote how meny #project-x?")
    await stage.press("#box", "ArrowUp")
    await box.fill("@footnote how many <#project-x>?")
    await stage.keyboard.press("Enter")
    await expect(line(stage, ts).locator(".body")).to_have_text("@Footnote how many #project-x?(edited)")
    (message,) = slack.messages("general")
    assert message.text == f"<@{slack.bot_user_id}> how many <#C07PROJECTX>?"
    theirs = await slack.say("ben", "general", "hello")
    await line(stage, theirs).get_by_label("Message actions").first.focus()
    await expect(line(stage, theirs).locator(".choice")).to_have_text(["Answer this", "Summarise thread"])


async def test_a_message_is_deleted_after_a_question(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """A root with replies leaves its place, any other message nothing."""
    ts = await slack.say("ana", "general", "first")
    await speaker.client.chat_postMessage(channel=GENERAL, thread_ts=ts, text="an answer")
    lonely = await slack.say("ana", "general", "second")
    await choose(line(stage, lonely), "Delete message")
    await stage.get_by_role("button", name="Cancel").click()
    await expect(line(stage, lonely)).to_have_count(1)
    await choose(line(stage, lonely), "Delete message")
    await stage.get_by_role("button", name="Delete", exact=True).click()
    await expect(line(stage, lonely)).to_have_count(0)
    await choose(line(stage, ts), "Delete message")
    await stage.get_by_role("button", name="Delete", exact=True).click()
    await expect(line(stage, ts)).to_contain_text("This message was deleted.")
    await expect(line(stage, ts).get_by_label("Message actions")).to_have_count(0)


async def test_everything_a_message_may_hold(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """Headings, lists, quotes, code, both kinds of tables, small print, accessories, buttons of each style."""
    ts = await answered(slack, speaker)
    await line(stage, ts).locator(".replies-button").click()
    body = stage.locator("#replies .message[data-author=bot] .body")
    await expect(body.get_by_role("heading")).to_have_text("Carrying leave over")
    await expect(body.locator("ol > li > ul > li")).to_have_text(["in the portal, or", "in writing; and"])
    await expect(body.locator("blockquote")).to_have_text("Restored leave must be used within two years.")
    await expect(body.locator("pre")).to_contain_text("footnote ask")
    await expect(body.get_by_role("columnheader")).to_have_text(
        ["Kind", "Hours", "Until", "Grade", "Hours a year", "Since"]
    )
    await expect(body.get_by_role("cell", name="208")).to_have_css("text-align", "right")
    await expect(body.locator(".context").first.get_by_role("link")).to_have_count(2)
    await expect(body.locator(".button-primary")).to_have_text("Ask a person")
    await expect(body.locator(".button-danger")).to_have_text("Forget it")
    await expect(body.get_by_role("button", name="Delete the answer")).to_be_visible()


async def test_a_question_comes_before_some_deeds(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """The bot hears nothing until the person means it; Escape is a no; the focus comes back."""
    ts = await answered(slack, speaker)
    await line(stage, ts).locator(".replies-button").click()
    outdated = stage.locator("#replies").get_by_role("button", name="Outdated?").first
    await outdated.click()
    await expect(stage.locator("#confirm")).to_contain_text("People Ops gets a direct message with this passage.")
    await stage.keyboard.press("Escape")
    await expect(stage.locator("#confirm")).to_be_hidden()
    await expect(outdated).to_be_focused()
    await expect(stage.locator("#thread")).to_be_visible()
    await outdated.click()
    await stage.get_by_role("button", name="Tell them").click()
    await slack.wait_until(lambda: speaker.values("outdated"))
    assert len(speaker.values("outdated")) == 1


async def test_choices_in_a_message_reach_the_bot(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """A menu for several tells when it closes, ticks and radio buttons at once, a refused question takes it back."""
    several = {"type": "multi_static_select", "action_id": "tone", "options": pieces.GROUPS}
    tone = {"type": "static_select", "action_id": "open", "options": pieces.MODES, "confirm": pieces.CONFIRM}
    blocks = [
        pieces.section("Sources", accessory={**several, "placeholder": pieces.plain_text("Choose sources")}),
        pieces.actions(
            {"type": "radio_buttons", "action_id": "person", "options": pieces.MODES},
            {"type": "checkboxes", "action_id": "forget", "options": pieces.GROUPS},
            {**tone, "placeholder": pieces.plain_text("Mode")},
        ),
    ]
    await speaker.client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
    body = stage.locator("#messages .message[data-author=bot] .body")
    await body.locator("summary").click()
    for name in ("People Ops", "Finance"):
        await body.locator(".many").get_by_label(name).check()
    await body.locator("summary").press("Escape")
    await body.get_by_label("Continue").check()
    await body.locator("[data-field=forget]").get_by_label("IT").check()
    await body.get_by_label("Mode").select_option("Continue")
    await stage.get_by_role("button", name="Not now").click()
    await expect(body.get_by_label("Mode")).to_have_value("")
    await slack.wait_until(lambda: len(speaker.heard) == 3)
    assert sorted(speaker.heard) == [("forget", ["it"]), ("person", "continue"), ("tone", ["people", "money"])]


async def test_a_rating_is_ones_own(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """Pressed for the one who pressed it, and changed by pressing the other."""
    ts = await answered(slack, speaker)
    await line(stage, ts).locator(".replies-button").click()
    good, bad = (stage.get_by_role("button", name=name) for name in ("Good answer", "Bad answer"))
    await good.click()
    await bad.click()
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await expect(good).to_have_attribute("aria-pressed", "false")
    await slack.wait_until(lambda: speaker.values("rate") == ["up", "down"])
    await stage.get_by_label("Ben Okafor").check()
    await expect(bad).to_have_attribute("aria-pressed", "false")


async def test_a_private_line_is_replaced_shared_and_dropped(stage: Page, slack: Playground) -> None:
    """Its buttons work, what replaces it stands in its place, and what is shared is for all."""
    await send(stage, "/ask how many?")
    await stage.get_by_role("button", name="Share here").click()
    await expect(stage.locator(PRIVATE)).to_have_text(
        "[1]FootnoteApp" + await stage.locator(f"{PRIVATE} .time").first.inner_text() + "Only visible to youShared."
    )
    await expect(stage.locator("#messages .message:not(.message-only)")).to_contain_text("shared by Ana")
    await send(stage, "/ask again?")
    await stage.get_by_role("button", name="Never mind").click()
    await expect(stage.locator(PRIVATE)).to_have_count(1)
    assert len(slack.messages("general")) == 2


# --- forms -----------------------------------------------------------------------------------------------------------


async def open_form(page: Page) -> Locator:
    """The form with every element, opened from a private line."""
    await send(page, "/ask how many?")
    await page.get_by_role("button", name="Ask follow-up").click()
    form = page.locator(MODAL)
    await expect(form.get_by_label("What is wrong?")).to_be_focused()
    return form


async def fill_in(form: Locator, words: str) -> None:
    """Every element by its label; of the menu for several only two can be taken."""
    await form.get_by_label("What is wrong?").fill(words)
    await form.get_by_label("Questions a day").fill("20")
    await form.get_by_label("Thread mode").select_option("Offer to answer")
    await form.get_by_label("Finance").first.check()
    await form.get_by_label("People Ops").nth(1).check()
    await form.locator("summary").click()
    for name in ("People Ops", "Finance"):
        await form.locator(".many").get_by_label(name).check()
    await expect(form.locator(".many").get_by_label("IT")).to_be_disabled()
    await expect(form.locator("summary")).to_have_text("People Ops, Finance")
    await form.locator("summary").press("Escape")
    await form.get_by_label("Owner").select_option("Ada Moreau")
    await form.get_by_label("Post in").select_option("#it-help")


async def test_a_form_holds_every_element(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """What stands in each is sent, and menus offer the people and places of the workspace."""
    form = await open_form(stage)
    places = ["Choose a channel", "#general", "#project-x", "#it-help"]
    await expect(form.get_by_label("Post in").locator("option")).to_have_text(places)
    await fill_in(form, "everything")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_be_hidden()
    (sent,) = speaker.values("form")
    assert (sent["words"]["value"], sent["number"]["value"], sent["more"]["value"]) == ("everything", "20", None)
    assert sent["mode"]["selected_option"]["value"] == "offer"
    assert sent["reason"]["selected_option"]["value"] == "money"
    assert [each["value"] for each in sent["tell"]["selected_options"]] == ["people", "it"]
    assert [each["value"] for each in sent["sources"]["selected_options"]] == ["people", "money"]
    assert sent["owner"]["selected_user"] == slack.id_of("ada")
    assert sent["place"]["selected_conversation"] == "C07ITHELP01"


async def test_a_form_says_what_is_wrong_where_it_is_wrong(stage: Page, speaker: Speaker) -> None:
    """Slack's own words first, then the bot's; what was filled in elsewhere stays."""
    form = await open_form(stage)
    save, wrong = form.get_by_role("button", name="Save"), form.get_by_role("alert")
    await save.click()
    await expect(wrong.first).to_have_text("Please complete this required field.")
    await form.get_by_label("What is wrong?").fill("no")
    await save.click()
    await expect(wrong.first).to_have_text("Please enter at least 5 characters.")
    await fill_in(form, "EVERYTHING")
    await save.click()
    await expect(form.locator("[data-input=words]").get_by_role("alert")).to_have_text("No need to shout.")
    await expect(wrong).to_have_count(1)
    await expect(form.get_by_label("What is wrong?")).to_be_focused()
    await expect(form.get_by_label("Questions a day")).to_have_value("20")
    assert speaker.values("form") == []


async def test_a_form_loads_is_pushed_onto_and_left(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """Loading, then there; a form over it and back by Escape; what is sent turns into thanks; the cross closes all."""
    ts = await answered(slack, speaker)
    await line(stage, ts).locator(".replies-button").click()
    form = stage.locator(MODAL)
    await stage.get_by_role("button", name="Why this answer?").click()
    await expect(form).to_contain_text("Looking it up…")
    speaker.go.set()
    await expect(form).to_contain_text("annual leave carry-over limit")
    await form.get_by_role("button", name="Report a problem").click()
    await expect(form.get_by_role("heading")).to_have_text("Report a problem")
    await expect(form.get_by_role("button", name="Back").first).to_be_visible()
    await stage.keyboard.press("Escape")
    await expect(form.get_by_role("heading")).to_have_text("Why this answer?")
    await form.get_by_role("button", name="Report a problem").click()
    await form.get_by_label("What is wrong?").fill("the number")
    await stage.keyboard.press("Enter")
    await expect(form).to_contain_text("It is logged as Q-7F3K.")
    await form.get_by_role("button", name="Close the window").click()
    await expect(form).to_be_hidden()
    await expect(stage.locator("#thread")).to_be_visible()


async def test_a_form_keeps_the_focus_inside(stage: Page) -> None:
    """However often one presses Tab, nothing behind it is reached."""
    await open_form(stage)
    inside = (
        "document.activeElement === document.body || document.getElementById('modal').contains(document.activeElement)"
    )
    for _ in range(24):
        await stage.keyboard.press("Tab")
        assert await stage.evaluate(inside)


async def test_what_was_typed_survives_a_news(stage: Page, slack: Playground) -> None:
    """A form is not drawn anew because somebody wrote something."""
    form = await open_form(stage)
    await form.get_by_label("What is wrong?").fill("half a sent")
    await slack.say("ben", "general", "news")
    await expect(stage.locator("#messages")).to_contain_text("news")
    await expect(form.get_by_label("What is wrong?")).to_have_value("half a sent")
    await expect(form.get_by_label("What is wrong?")).to_be_focused()


# --- Home ------------------------------------------------------------------------------------------------------------


async def test_home_is_shown_and_works(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """Opening the tab tells the bot; headers, fields, menus and buttons are drawn, and send."""
    await stage.locator(f'[data-room="{DIRECT}"]').click()
    await slack.wait_until(lambda: [event["tab"] for event in speaker.values("app_home_opened")] == ["messages"])
    await stage.get_by_role("button", name="Home", exact=True).click()
    home = stage.get_by_role("region", name="Home")
    await expect(home.get_by_role("heading")).to_have_text(["Ask anything", "Your last questions", "Channels"])
    await expect(home.locator(".fields .cell")).to_have_count(4)
    await home.get_by_role("button", name="Open").click()
    await home.get_by_role("combobox").select_option("Continue")
    await home.get_by_label("More actions").click()
    await home.get_by_role("button", name="Outdated?").click()
    await stage.get_by_role("button", name="Tell them").click()
    await slack.wait_until(lambda: speaker.values("more"))
    await expect(stage.locator("#thread")).to_be_hidden()
    pressed = [(what, value) for what, value in speaker.heard if what in ("open", "general-mode", "more")]
    assert pressed == [("open", "Q-7F3K"), ("general-mode", "continue"), ("more", "outdated")]


# --- at work ---------------------------------------------------------------------------------------------------------


async def test_work_is_seen_and_stopped(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """The status with its changing words, a title in the list and over the thread, Stop, and then no Stop any more."""
    await stage.locator(f'[data-room="{DIRECT}"]').click()
    await send(stage, "How do I carry over leave?")
    await slack.wait_until(lambda: slack.messages("dm-ana"))
    ts = slack.messages("dm-ana")[0].ts
    where = {"channel_id": DIRECT, "thread_ts": ts}
    await speaker.client.agents_sessions_setStatus(**where, status="processing", title="Carrying leave over")
    words = ["Reading 6 passages…", "Writing…"]
    await speaker.client.assistant_threads_setStatus(**where, status="Searching…", loading_messages=words)
    await expect(stage.locator("#status")).to_contain_text(words[0])
    await expect(stage.locator("#status")).to_contain_text(words[1])
    await expect(stage.locator(f'[data-session="{ts}"]')).to_contain_text("Carrying leave over")
    await expect(stage.locator("#thread-title")).to_have_text("Carrying leave over")
    await stage.get_by_role("button", name="Stop").click()
    await expect(stage.locator("#replies")).to_contain_text("Stopped.")
    await expect(stage.get_by_role("button", name="Stop")).to_have_count(0)
    assert speaker.values("stop") == [ts]
    await stage.locator('[data-room="C07GENERAL1"]').click()
    await stage.locator(f'[data-session="{ts}"]').click()
    await expect(stage.locator("#replies")).to_contain_text("Stopped.")
    await expect(stage.locator("#thread-box")).to_be_focused()


async def test_a_stream_grows_in_its_place(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """What has been written stays the same element, and reading from the top is not disturbed."""
    ts = await slack.say("ana", "general", "hello")
    await line(stage, ts).hover()
    await stage.get_by_role("button", name="Reply", exact=True).click()
    recipient = {"recipient_team_id": slack.team_id, "recipient_user_id": slack.id_of("ana")}
    stream = await speaker.client.chat_stream(channel=GENERAL, thread_ts=ts, buffer_size=1, **recipient)
    await stream.append(markdown_text="The first paragraph.\n\n" + "\n\n".join(f"Line {n}" for n in range(60)))
    body = stage.locator("#replies .message[data-author=bot] .body")
    await expect(body).to_contain_text("Line 59")
    first = await body.locator("p").first.element_handle()
    await stage.locator("#thread-scroll").evaluate("scroll => { scroll.scrollTop = 0; }")
    await stream.append(markdown_text="\n\nAnd the last.")
    await expect(body).to_contain_text("And the last.")
    assert await stage.locator("#thread-scroll").evaluate("scroll => scroll.scrollTop") == 0
    assert await body.evaluate("(body, first) => body.firstElementChild === first", first)
    await stream.stop(blocks=[pieces.actions(pieces.button("Why this answer?", "why"))])
    await expect(body.get_by_role("button", name="Why this answer?")).to_be_visible()
    assert await body.evaluate("(body, first) => body.firstElementChild === first", first)


async def test_what_is_read_holds_still(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """A line above it goes, the words before the eyes stay."""
    where = {"channel": GENERAL, "user": slack.id_of("ana")}
    await slack.say("ben", "general", "hello")
    waiting = await slack.say("ana", "general", "wait")
    await expect(line(stage, waiting)).to_be_visible()
    await speaker.client.chat_postEphemeral(**where, text="\n".join(f"line {number}" for number in range(60)))
    words = stage.locator(PRIVATE).locator(".body")
    await expect(words).to_contain_text("line 59")
    place = "body => body.getBoundingClientRect().top"
    before = await words.evaluate(place)
    await slack.delete("ana", "general", waiting)
    await expect(line(stage, waiting)).to_have_count(0)
    assert abs(await words.evaluate(place) - before) < 1


async def test_prompts_are_pinned(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """The bot's own in its direct message, asked by one click."""
    prompts = [{"title": "Annual leave", "message": "How much leave do I have?"}]
    await speaker.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, prompts=prompts)
    await stage.locator(f'[data-room="{DIRECT}"]').click()
    await expect(stage.locator(".suggestion")).to_have_text(["Annual leave"])
    await stage.get_by_role("button", name="Annual leave").click()
    await slack.wait_until(lambda: slack.messages("dm-ana"))
    assert slack.messages("dm-ana")[0].visible_text == "How much leave do I have?"


async def test_the_bot_hears_what_a_person_looks_at(stage: Page, slack: Playground, speaker: Speaker) -> None:
    """Going to a channel says so."""
    await stage.locator('[data-room="C07PROJECTX"]').click()
    await slack.wait_until(lambda: speaker.values("app_context_changed"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
async def test_every_surface_can_be_read(
    stage: Page, slack: Playground, speaker: Speaker, width: int, scheme: Any
) -> None:
    """A long answer, a private line, a form with faults, Home: nothing sticks out, every word stands out."""

    async def look() -> None:
        assert not await stage.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert await stage.evaluate(CONTRAST) == []

    await stage.set_viewport_size({"width": width, "height": 800})
    await stage.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    ts = await answered(slack, speaker)
    await line(stage, ts).locator(".replies-button").click()
    await expect(stage.locator("#replies .table")).to_have_count(2)
    await look()
    await stage.locator("#thread-close").click()
    await open_form(stage)
    await stage.locator(MODAL).get_by_role("button", name="Save").click()
    await expect(stage.locator(f"{MODAL} [role=alert]").first).to_be_visible()
    await look()
    await stage.locator(MODAL).get_by_role("button", name="Cancel").click()
    if width < 700:
        await stage.get_by_role("button", name="Show conversations").click()
    await stage.locator(f'[data-room="{DIRECT}"]').click()
    await stage.get_by_role("button", name="Home", exact=True).click()
    await expect(stage.locator("#home")).to_contain_text("Your last questions")
    await look()
