"""The playground's page as a newcomer meets it: asking, reading, following up, by mouse, keyboard and thumb."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from bot.playground import Playground
from tests.browser.talker import STATUS, Talker

pytestmark = pytest.mark.asyncio(loop_scope="session")

GENERAL = "C07GENERAL1"
ANSWER = "#replies .message[data-author=bot]"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
WIDTHS = [(400, 800), (820, 700), (1280, 800)]


async def ask(page: Page, words: str = "@Footnote how many hours?") -> None:
    """Type a message and send it with the keyboard."""
    await page.fill("#box", words)
    await page.press("#box", "Enter")


async def test_a_mention_is_answered_before_the_askers_eyes(page: Page, slack: Playground) -> None:
    """Typed into the box, asked as a real mention, answered in a thread that opens by itself, sources and all."""
    await ask(page)
    reply = page.locator(ANSWER)
    await expect(reply).to_contain_text("You asked: @Footnote how many hours?")
    await expect(reply).to_contain_text("At most 240 hours. [1]")
    link = reply.get_by_role("link", name="Leave › Annual leave")
    await expect(link).to_have_attribute("href", "https://handbook.example/leave#annual")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(reply.locator(".address-words")).to_have_attribute("title", "/handbook/leave.md#use-or-lose")
    await expect(page.locator("#messages .replies-button")).to_contain_text("1 reply")
    (question,) = slack.messages("general")
    assert question.text == f"<@{slack.bot_user_id}> how many hours?"


async def test_a_suggestion_asks_by_itself(page: Page, slack: Playground) -> None:
    """One click from the first look to the first answer; the chip shows the question without the mention."""
    await expect(page.locator(".suggestion")).to_have_text(
        ["How do I set up the Slack app?", "How do I back up the index?", "What is the CEO paid?"]
    )
    await page.get_by_role("button", name="How do I back up the index?").click()
    await expect(page.locator(ANSWER)).to_contain_text("@Footnote How do I back up the index?")
    assert [message.visible_text for message in slack.messages("general")] == ["@Footnote How do I back up the index?"]


async def test_a_follow_up_needs_no_mention(page: Page) -> None:
    """The thread's box is ready for it."""
    await ask(page)
    await expect(page.locator(ANSWER)).to_have_count(1)
    await expect(page.locator("#thread-box")).to_be_focused()
    await page.keyboard.type("and for part-timers?")
    await page.keyboard.press("Enter")
    await expect(page.locator(ANSWER)).to_have_count(2)
    await expect(page.locator(ANSWER).last).to_contain_text("and for part-timers?")


async def test_a_status_shows_until_the_answer(page: Page, talker: Talker) -> None:
    """A sign of life at once, gone with the first words."""
    talker.go.clear()
    await ask(page)
    await expect(page.locator("#status")).to_have_text(f"[1]{STATUS}")
    talker.go.set()
    await expect(page.locator(ANSWER)).to_have_count(1)
    await expect(page.locator("#status")).to_be_empty()


async def test_a_direct_message_needs_no_mention(page: Page, slack: Playground) -> None:
    """And the Home tab is beside it."""
    await page.locator("#direct button").click()
    await ask(page, "how many hours?")
    await expect(page.locator(ANSWER)).to_contain_text("how many hours?")
    await page.get_by_role("button", name="Home").click()
    await expect(page.locator("#home")).to_have_text("Ask anything")
    assert len(slack.messages("dm-ana")) == 1


async def test_a_stream_grows(page: Page, slack: Playground, talker: Talker) -> None:
    """Words appear as they come, lists and tables are drawn, blocks stand under them at the end."""
    ts = await slack.say("ana", "general", "hello")
    await page.locator(f'#messages [data-ts="{ts}"]').hover()
    await page.get_by_role("button", name="Reply", exact=True).click()
    recipient = {"recipient_team_id": slack.team_id, "recipient_user_id": slack.id_of("ana")}
    stream = await talker.client.chat_stream(channel=GENERAL, thread_ts=ts, buffer_size=1, **recipient)
    await stream.append(markdown_text="Here is **a ")
    body = page.locator(f"{ANSWER} .body")
    await expect(body).to_have_text("Here is **a")
    await expect(body).to_have_attribute("aria-busy", "true")
    await stream.append(markdown_text="list**:\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|")
    await expect(body.locator("strong")).to_have_text("a list")
    await expect(body.locator("li")).to_have_text(["one", "two"])
    await expect(body.locator("td")).to_have_text(["1", "2"])
    await stream.stop(blocks=[{"type": "divider"}])
    await expect(body.locator("hr")).to_have_count(1)
    await expect(body).not_to_have_attribute("aria-busy", "true")


async def test_hostile_words_stay_words(page: Page, slack: Playground, talker: Talker) -> None:
    """Markup of a page, scripts and strange addresses are shown as text, from people and from the bot alike."""
    attack = '<img src=x onerror="window.taken=1"><script>window.taken=1</script>'
    ts = await slack.say("ana", "general", attack)
    evil = "<javascript:window.taken=1|click> <data:text/html,x|me> <https://ok.example|https://evil.example>"
    blocks = [
        {"type": "markdown", "text": f"{attack} [a](javascript:window.taken=1) ![b](https://evil.example/x.png)"},
        {"type": "section", "text": {"type": "mrkdwn", "text": evil}},
        {"type": "image", "image_url": "https://evil.example/pixel.png", "alt_text": attack},
    ]
    await talker.client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
    await expect(page.locator(f'#messages [data-ts="{ts}"] .body')).to_have_text(attack)
    theirs = page.locator("#messages .message[data-author=bot] .body")
    await expect(theirs).to_contain_text("click me https://evil.example")
    assert await theirs.locator("a").evaluate_all("links => links.map(link => link.href)") == [
        "https://evil.example/x.png",
        "https://ok.example/",
    ]
    assert await page.locator(".messages img, .messages script, .messages iframe").count() == 0
    assert await page.evaluate("window.taken") is None


async def test_nothing_can_be_written_as_markup(page: Page, complaints: list[str]) -> None:
    """The policy stops even the page's own script from making elements of strings."""
    attempt = "try { document.body.innerHTML = '<b>x</b>'; 'done' } catch (error) { error.name }"
    assert await page.evaluate(attempt) == "TypeError"
    assert "TrustedHTML" in complaints.pop()


async def test_a_line_for_one_is_seen_by_one(page: Page, slack: Playground, talker: Talker) -> None:
    """Marked as such for Ana, not there for Ben."""
    await talker.client.chat_postEphemeral(channel=GENERAL, user=slack.id_of("ana"), text="There is more.")
    line = page.locator(".message-only")
    await expect(line).to_contain_text("Only visible to you")
    await expect(line).to_contain_text("There is more.")
    await page.get_by_label("Ben Okafor").check()
    await expect(page.locator("#messages .message")).to_have_count(0)


async def test_each_person_sees_their_own_conversations(page: Page) -> None:
    """Ana is everywhere, Ben not in the private channel, the admin and the guest in one channel each."""
    rooms = page.locator("#channels .name")
    await expect(rooms).to_have_text(["general", "project-x", "people-ops", "it-help"])
    await page.get_by_label("Ben Okafor").check()
    await expect(rooms).to_have_text(["general", "project-x", "it-help"])
    await page.get_by_label("Ada Moreau").check()
    await expect(rooms).to_have_text(["it-help"])
    await expect(page.locator(".person", has_text="Ada Moreau").locator(".badge")).to_have_text("Admin")
    await page.get_by_label("Gus Lind").check()
    await expect(rooms).to_have_text(["project-x"])
    await expect(page.get_by_role("heading", level=1)).to_have_text("#project-x")
    await ask(page, "hello from outside")
    await expect(page.locator(".message[data-author=gus]")).to_contain_text("Guest")


async def test_what_is_new_elsewhere_is_marked(page: Page, slack: Playground) -> None:
    """In the list, in the window's title, until it is looked at."""
    await slack.say("ben", "project-x", "hello?")
    entry = page.locator('#channels [data-room="C07PROJECTX"]')
    await expect(entry.locator(".dot")).to_be_visible()
    await expect(page).to_have_title("(1) #general · Footnote playground")
    await entry.click()
    await expect(page.locator("#messages")).to_contain_text("hello?")
    await expect(entry.locator(".dot")).to_have_count(0)
    await expect(page).to_have_title("#project-x · Footnote playground")


async def test_buttons_reach_the_bot(page: Page, talker: Talker, slack: Playground) -> None:
    """Feedback stays pressed, a menu sends its choice, a form shows what is wrong with it and then closes."""
    await ask(page)
    await page.get_by_role("button", name="Bad answer").click()
    await expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    await page.locator(".overflow summary").click()
    await expect(page.get_by_role("button", name="Outdated?")).to_be_in_viewport(ratio=1)
    await page.get_by_role("button", name="Outdated?").click()
    await slack.wait_until(lambda: talker.pressed == ["down", "Outdated?"])
    await page.get_by_role("button", name="Why this answer?").click()
    await page.get_by_label("What is wrong?").fill("no")
    await page.get_by_role("button", name="Report").click()
    await expect(page.get_by_role("alert")).to_have_text("Say a little more.")
    await page.get_by_label("What is wrong?").fill("the number")
    await page.get_by_role("button", name="Report").click()
    await expect(page.locator("#modal")).to_be_hidden()
    assert talker.pressed[-1] == "the number"


async def test_the_keyboard_is_enough(page: Page, slack: Playground) -> None:
    """From the first key: skip to the box, pick the bot from a list, ask, close the thread, change the channel."""
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the message box")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("@fo")
    await expect(page.get_by_role("option")).to_have_text(["[1]FootnoteApp"])
    await page.keyboard.press("Enter")
    await page.keyboard.type("how many?")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("please")
    await page.keyboard.press("Enter")
    await expect(page.locator(ANSWER)).to_have_count(1)
    assert slack.messages("general")[0].visible_text == "@Footnote how many?\nplease"
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("heading", level=1)).to_have_text("#project-x")
    await expect(page.locator("#box")).to_be_focused()


async def test_a_permalink_opens_its_thread(page: Page, slack: Playground, talker: Talker) -> None:
    """And a reload stays where it was, with the token gone from the address."""
    assert page.url == slack.address
    await ask(page)
    await expect(page.locator(ANSWER)).to_have_count(1)
    (question,) = slack.messages("general")
    link = (await talker.client.chat_getPermalink(channel=GENERAL, message_ts=question.ts))["permalink"]
    await page.locator('#channels [data-room="C07PROJECTX"]').click()
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#project-x")
    await page.goto(link)
    await expect(page.locator(ANSWER)).to_have_count(1)


async def test_without_the_token_there_is_no_page(browser: Browser, slack: Playground) -> None:
    """A stranger on this machine reads where to find the address."""
    stranger = await browser.new_page()
    response = await stranger.goto(slack.address)
    assert response is not None
    assert response.status == 403
    await expect(stranger.locator("body")).to_contain_text("Open the address that the playground printed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WIDTHS)
async def test_it_can_be_read_everywhere(page: Page, width: int, height: int, scheme: Any) -> None:
    """On a phone, a tablet and a desk, by day and by night: nothing sticks out, every word stands out."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sticking_out = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(sticking_out)
    assert await page.evaluate(CONTRAST) == []
    await page.get_by_role("button", name="How do I set up the Slack app?").click()
    await expect(page.locator(ANSWER)).to_be_visible()
    await expect(page.locator(ANSWER)).to_contain_text("Sources")
    assert not await page.evaluate(sticking_out)
    assert await page.evaluate(CONTRAST) == []


async def test_a_long_answer_is_read_from_its_beginning(page: Page, slack: Playground, talker: Talker) -> None:
    """Its first line is on the screen when it comes, not its last."""
    ts = await slack.say("ana", "general", "hello")
    await page.locator(f'#messages [data-ts="{ts}"]').hover()
    await page.get_by_role("button", name="Reply", exact=True).click()
    text = "\n".join(f"line {number}" for number in range(60))
    await talker.client.chat_postMessage(channel=GENERAL, thread_ts=ts, text=text)
    await expect(page.locator(ANSWER).locator("strong")).to_be_in_viewport()


async def test_a_bot_that_is_away_is_seen_to_be_away(page: Page, talker: Talker) -> None:
    """Beside the workspace's name, and over the box once it lasts."""
    await expect(page.locator("#presence")).to_have_text("Footnote is here")
    await expect(page.locator("#offline")).to_be_hidden()
    await talker.go_away()
    await expect(page.locator("#presence")).to_have_text("Footnote is not connected")
    await expect(page.locator("#offline")).to_be_visible()


async def test_a_phone_has_a_menu(page: Page) -> None:
    """The list of conversations comes and goes, and choosing one closes it."""
    await page.set_viewport_size({"width": 400, "height": 800})
    await expect(page.locator("#side")).to_be_hidden()
    await page.get_by_role("button", name="Show conversations").click()
    await page.locator('#channels [data-room="C07PROJECTX"]').click()
    await expect(page.locator("#side")).to_be_hidden()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#project-x")
