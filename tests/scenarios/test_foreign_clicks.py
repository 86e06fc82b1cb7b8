"""Buttons pressed by others, elsewhere, or with what they never carried: nothing happens but a private line."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from bot.adapters.redis.client import Link
from bot.desk.channel_form import ADMINS_ONLY
from bot.desk.clickers import ELSEWHERE, GONE, NOT_YOURS
from handlers.buttons import Action, Forged, Form, Seal
from tests.nouns import NOON
from tests.scenarios.small import LUNCH, Small, small

OF_AN_ANSWER = sorted(
    set(Action) - {Action.OPEN_LINK, Action.MORE_PASSAGES, Action.SUGGESTED, Action.EDIT_CHANNEL, Action.RESOLVED}
)
"""The buttons that speak of one answer; what the others do, anybody might have done by asking."""
IN_A_MODAL = (Action.WHY,)
"""The buttons that say no in the modal that opened at once."""
THE_ASKERS = (Action.SHARE, Action.SEND_REST, Action.ACCEPT_OFFER, Action.FOLLOW_UP, Action.REOPEN)
"""The buttons that are the asker's alone wherever they stand."""


@pytest.fixture
async def desk(link: Link) -> AsyncGenerator[Small]:
    async with small(link) as opened:
        opened.slack.fail("chat.startStream", "method_not_supported_for_channel_type", times=99)
        yield opened


async def asked(desk: Small, *, private: bool) -> str:
    """A question that Ana asked in #general, and that was answered; its id."""
    if private:
        await desk.slack.command("ana", "general", "/ask", LUNCH)
        name = f"ask-{desk.slack.deliveries[-1].payload['trigger_id']}"
    else:
        name = await desk.slack.say("ana", "general", f"<@bot> {LUNCH}")
    await desk.done()
    return f"{desk.slack.team_id}/{desk.slack.id_of('general')}/{name}"


def parts(action: Action, question_id: str) -> tuple[str, ...]:
    """What a button of this action carries."""
    more = {Action.RATE: ("bad", question_id), Action.OUTDATED: (question_id, "handbook:canteen.md#0")}
    return more.get(action, (question_id,))


async def press(desk: Small, person: str, action: Action, value: str, *, channel: str = "general") -> list[str]:
    """Press a button with this value; what was said since, but for the button itself."""
    ts = await desk.button(channel, action, value)
    before = desk.said()
    await desk.slack.click(person, channel, ts, action)
    await desk.done()
    return [line for line in desk.said() if line not in before]


async def happened(desk: Small, question_id: str) -> list[object]:
    """Whatever of a deed would be left behind."""
    memory, moment = desk.memory, NOON - timedelta(days=30)
    return [
        *await memory.feedback.since(moment),
        *await memory.feedback.escalations(moment),
        *await memory.channels.changes(desk.slack.team_id, limit=10),
        *await memory.stops.asked([question_id]),
        *desk.jobs.buried,
        *([] if await memory.feedback.once(f"rest/{question_id}", seconds=1) else ["the rest was sent"]),
    ]


@pytest.mark.parametrize("action", OF_AN_ANSWER)
async def test_a_private_answer_is_its_askers(desk: Small, action: Action) -> None:
    """Somebody else's press does nothing, wherever the button may have got to."""
    question = await asked(desk, private=True)
    said = await press(desk, "ben", action, desk.seal.close(action, *parts(action, question)))
    if action in IN_A_MODAL:
        assert (said, desk.modal("ben")) == ([], NOT_YOURS)
    else:
        assert (said, desk.modal("ben")) == ([f"general (ben): {NOT_YOURS}"], "")
    assert await happened(desk, question) == []


@pytest.mark.parametrize("action", THE_ASKERS)
async def test_what_is_the_askers_alone_stays_so_in_public(desk: Small, action: Action) -> None:
    """Also where everybody reads the answer."""
    question = await asked(desk, private=False)
    said = await press(desk, "ben", action, desk.seal.close(action, *parts(action, question)))
    assert (said, desk.modal("ben")) == ([f"general (ben): {NOT_YOURS}"], "")
    assert await happened(desk, question) == []


@pytest.mark.parametrize("action", sorted(set(OF_AN_ANSWER) - set(THE_ASKERS)))
async def test_an_answer_is_not_acted_on_from_another_channel(desk: Small, action: Action) -> None:
    """Who reads along there is not who reads the answer."""
    question = await asked(desk, private=False)
    value = desk.seal.close(action, *parts(action, question))
    said = await press(desk, "ben", action, value, channel="project-x")
    no = ELSEWHERE if action is Action.AGAIN else NOT_YOURS
    if action in IN_A_MODAL:
        assert (said, desk.modal("ben")) == ([], no)
    else:
        assert (said, desk.modal("ben")) == ([f"project-x (ben): {no}"], "")
    assert await happened(desk, question) == []


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.OPEN_LINK}))
async def test_a_seal_of_another_installation_or_of_another_button_opens_nothing(desk: Small, action: Action) -> None:
    """Made with another token, for another action, or for a form."""
    question = await asked(desk, private=False)
    other = Action.SHARE if action is not Action.SHARE else Action.WHY
    carried = parts(action, question)
    foreign = Seal.of("xoxb-of-another").close(action, *carried)
    for value in (foreign, desk.seal.close(other, *carried), desk.seal.close(Form.FEEDBACK, *carried)):
        await press(desk, "ana", action, value)
        assert desk.modal("ana") == ""
    assert desk.said().count(f"general (ana): {Forged.user_message}") == 3
    assert await happened(desk, question) == []


@pytest.mark.parametrize("action", [Action.SHARE, Action.SEND_REST, Action.FOLLOW_UP, Action.ACCEPT_OFFER])
async def test_a_question_that_is_not_kept_is_nobodys(desk: Small, action: Action) -> None:
    """A value of ours that names a question which nobody knows."""
    said = await press(desk, "ana", action, desk.seal.close(action, "T07PLAYGRND/C07GENERAL1/1.1"))
    assert said == [f"general (ana): {GONE}"]


async def test_a_channel_is_set_by_admins_alone(desk: Small) -> None:
    """Whoever else gets hold of the button is told so, in the modal that stays empty."""
    said = await press(desk, "ben", Action.EDIT_CHANNEL, desk.seal.close(Action.EDIT_CHANNEL, "C07GENERAL1"))
    assert (said, desk.modal("ben")) == ([], ADMINS_ONLY)
    assert await happened(desk, "") == []


async def test_a_call_for_help_is_not_closed_from_another_channel(desk: Small) -> None:
    """The form opens, for nobody asks the memory before; what is sent closes nothing."""
    question = await asked(desk, private=False)
    await desk.slack.click("ana", "general", desk.last("general", "ask_person"), "ask_person")
    await desk.done()
    ts = await desk.button("project-x", Action.RESOLVED, desk.seal.close(Action.RESOLVED, question))
    await desk.slack.click("ben", "project-x", ts, Action.RESOLVED)
    form = desk.slack.modal("ben")
    assert form is not None
    await desk.slack.submit(form.id, {"answer": "Never."})
    await desk.done()
    assert f"project-x (ben): {ELSEWHERE}" in desk.said()
    escalation = await desk.memory.feedback.escalation(question)
    assert escalation is not None
    assert (escalation.resolved_by, escalation.answer) == ("", "")


async def test_a_refusal_whose_answer_is_lost_is_said_once(desk: Small) -> None:
    """Nobody knows whether it was seen, and nothing of the SDK's says it again behind our back."""
    ts = await desk.button("general", Action.SHARE, "forged")
    desk.slack.cut("response_url")
    await desk.slack.click("ana", "general", ts, Action.SHARE)
    await desk.done()
    assert desk.said().count(f"general (ana): {Forged.user_message}") == 1
    assert desk.count("response_url") == 1
