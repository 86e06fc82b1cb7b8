"""The Home tab of a person and of an admin, and channels that behave as an admin set them."""

from dataclasses import replace

from bot.channels import ChannelSettings
from bot.playground.workspace import View
from tests.scenarios.company import BAND_FOUR, LEAVE, LUNCH, UNKNOWN, Dictated, Shelf
from tests.scenarios.whole import Whole

FIRST, SECOND = "This is the first sentence.", "This is the second one."


async def test_home_shows_a_persons_last_questions_again(company: Whole) -> None:
    """Newest first, with what became of each; one is reopened with its words; nothing there is for admins."""
    slack = company.slack
    async with company.running() as footnote:
        for question in (LUNCH, UNKNOWN, LEAVE):
            await company.asked("ben", "general", f"@Footnote {question}")
        await company.settled(footnote)
        home = await opened(company, "ben")
        text = company.home_tab("ben")
        await slack.click_in_view(home.id, "reopen")
        await filled(company, "ben", "240 hours")
    assert text.index(LEAVE) < text.index(UNKNOWN) < text.index(LUNCH)
    assert "not in the docs" in text
    assert "handbook" in text
    assert "pay-" not in text
    assert "For admins" not in text
    assert "Open in Slack" in company.modal("ben")


async def test_what_is_asked_on_home_is_answered_in_direct_messages(company: Whole) -> None:
    """A question of one's own from the form, and a suggested one from its button."""
    slack = company.slack
    async with company.running() as footnote:
        home = await opened(company, "ben")
        await slack.click_in_view(home.id, "suggested")
        form = slack.modal("ben")
        assert form
        await slack.submit(form.id, {"question": "what do I do with a lost badge?"})
        await company.settled(footnote)
        suggestion = next(block for block in home.view["blocks"] if block.get("block_id") == "suggested_0")
        slack.workspace.publish_home(replace(home, view={**home.view, "blocks": [suggestion]}))
        await slack.click_in_view(home.id, "suggested")
        await company.settled(footnote)
        asked = [one for one in slack.messages("dm-ben") if one.thread_ts is None]
        badge, suggested = [company.by_bot("dm-ben", root.ts) for root in asked]
    assert "reception desk" in badge[-1].visible_text
    assert len(suggested) == 2
    assert "don't say" not in suggested[-1].visible_text


async def test_an_admin_sees_the_week_and_sets_a_channel(company: Whole, shelf: Shelf) -> None:
    """What the form says is stored with its audit lines and shown on Home; a wrong id is refused at its entry."""
    slack = company.slack
    async with company.running() as footnote:
        await company.asked("ana", "it-help", f"@Footnote {LEAVE}")
        for _ in range(2):
            await company.asked("ben", "general", f"@Footnote {UNKNOWN}")
        await company.settled(footnote)
        form = await form_of(company, "it-help")
        assert "3 questions from 2 people · 33% answered" in company.home_tab("ada")
        assert f"{UNKNOWN} · asked 2 times" in company.home_tab("ada")
        wished = {"mode": "offer", "tone": "brief", "auto_answer": ["on"], "sources": [shelf.source("handbook")]}
        await slack.submit(form.id, {**wished, "humans": "people-ops"})
        wrong = slack.modal("ada")
        assert wrong
        assert list(wrong.errors) == ["humans"]
        await slack.submit(form.id, {**wished, "humans": "S07PEOPLEOP"})
        assert slack.modal("ada") is None
        await company.settled(footnote)
        changes = await footnote.memory.channels.changes(slack.team_id, limit=10)
    assert "offers to answer · answers by itself · from handbook" in company.home_tab("ada")
    assert {change.field for change in changes} == {"mode", "auto_answer", "sources", "tone", "humans"}
    assert {change.person for change in changes} == {slack.id_of("ada")}


async def test_a_channel_behaves_as_it_was_set(company: Whole, shelf: Shelf) -> None:
    """From the moment the form is sent: only mentions, only its sources, briefly, and its own people to ask."""
    slack, generator = company.slack, Dictated([FIRST, SECOND])
    generator.released.set()
    async with company.running(generator=generator) as footnote:
        full = await company.asked("ana", "it-help", "@Footnote how often is a laptop replaced?")
        form = await form_of(company, "it-help")
        wished = {"mode": "mention", "tone": "brief", "sources": [shelf.source("handbook")], "humans": "S07PEOPLEOP"}
        await slack.submit(form.id, wished)
        brief = await company.asked("ana", "it-help", f"@Footnote {LEAVE}")
        await slack.say("ana", "it-help", LUNCH, thread_ts=brief.root_ts)
        await company.settled(footnote)
        assert len(company.by_bot("it-help", brief.root_ts)) == 1
        laptop = await company.asked("ana", "it-help", "@Footnote how often is a laptop replaced?")
        await slack.click("ana", "it-help", laptop.ts, "ask_person")
        call = await company.answered("it-help", laptop.root_ts, before=1)
    assert FIRST in full.visible_text
    assert SECOND in full.visible_text
    assert "Laptops" in full.visible_text
    assert FIRST in brief.visible_text
    assert SECOND not in brief.visible_text
    assert "Laptops" not in laptop.visible_text
    assert "@people-ops" in call.visible_text


async def test_home_of_others_offers_no_administration(company: Whole) -> None:
    """Somebody who gets hold of an admin's menu, or form, changes nothing."""
    slack = company.slack
    async with company.running() as footnote:
        admins = await opened(company, "ada")
        bens = replace(admins, id="V0BENSHOME", owner=slack.id_of("ben"))
        slack.workspace.publish_home(bens)
        await slack.click_in_view(bens.id, "edit_channel", value="general")
        await filled(company, "ben", "Only admins can change")
        await slack.click_in_view(admins.id, "edit_channel", value="general")
        form = await filled(company, "ada", "How I behave in")
        stolen = replace(form, id="V0STOLEN", owner=slack.id_of("ben"))
        slack.workspace.show_modal(stolen)
        await slack.submit(stolen.id, {"mode": "mention"})
        assert "Only the person" in company.modal("ben")
        await company.settled(footnote)
        where = slack.id_of("general")
        assert await footnote.memory.channels.read(slack.team_id, where) == ChannelSettings()
        assert await footnote.memory.channels.changes(slack.team_id, limit=1) == []


async def test_the_admins_list_repeats_nothing_private(company: Whole) -> None:
    """What was asked in private, or of documents that an admin may not read, is not on an admin's Home tab."""
    slack = company.slack
    async with company.running() as footnote:
        await company.asked("ana", "dm-ana", "which database holds my divorce papers?")
        await slack.command("ana", "general", "/ask", "which database holds my divorce papers?")
        await company.asked("ana", "dm-ana", BAND_FOUR)
        await company.settled(footnote)
        await opened(company, "ada")
        text = company.home_tab("ada")
    assert "3 questions" in text
    assert "divorce" not in text
    assert "review" not in text


async def opened(company: Whole, person: str) -> View:
    """A person's Home tab, published anew for this visit."""
    before = company.slack.home(person)
    company.slack.open_home(person)
    home = await company.slack.wait_until(lambda: view_after(company, person, before))
    assert home is not None
    return home


async def form_of(company: Whole, channel: str) -> View:
    """The form with a channel's settings, as it opens for the admin."""
    home = await opened(company, "ada")
    await company.slack.click_in_view(home.id, "edit_channel", value=channel)
    return await filled(company, "ada", "How I behave in")


def view_after(company: Whole, person: str, before: View | None) -> View | None:
    """The Home tab once it is another than before."""
    home = company.slack.home(person)
    return home if home is not before else None


async def filled(company: Whole, person: str, words: str) -> View:
    """The modal before a person, once it holds these words."""
    await company.slack.wait_until(lambda: words in company.modal(person))
    modal = company.slack.modal(person)
    assert modal
    return modal
