"""From a button, a form or the Home tab in Slack to one job in the queue, over both transports."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import structlog

from bot.channels import ChannelSettings
from bot.desk.clickers import ELSEWHERE, GONE, NOT_YOURS
from bot.feedback import Feedback, Reason
from bot.jobs import (
    AnswerQuestion,
    AskInDirect,
    AskPerson,
    Clicked,
    OpenChannelForm,
    Reopen,
    ReportOutdated,
    Resolve,
    SendRest,
    ShareAnswer,
    ShowHome,
    ShowPassages,
    ShowWhy,
    Suggest,
)
from bot.models import ConversationKey, Question
from bot.records import State
from bot.screens import ChannelForm
from handlers.buttons import Action, Forged, Form
from handlers.panes import UNSTORED
from handlers.refusals import InLine
from handlers.views.channel_form import channel_form
from tests.nouns import NOON
from tests.scenarios.edge import Edge, button, http_edge, socket_edge

GENERAL = "C07GENERAL1"
TEAM = "T07PLAYGRND"


@pytest.fixture(params=["socket", "http"])
async def edge(request: pytest.FixtureRequest) -> AsyncGenerator[Edge]:
    """The edge over each transport in turn."""
    async with socket_edge() if request.param == "socket" else http_edge() as opened:
        yield opened


def asked(edge: Edge, *, person: str = "ana", private: bool = False, reply: str | None = None) -> Question:
    """A question of somebody's that has a record."""
    where = ConversationKey(TEAM, GENERAL, "1795000000.000100")
    question = Question(f"{TEAM}/{GENERAL}/1795000000.000100", "lunch?", edge.slack.id_of(person), where, "", NOON)
    if private:
        question = replace(question, private=True, reply_url="https://hooks.slack.com/old")
    edge.stores.records.keep(question, reply=reply)
    return question


def only(edge: Edge) -> Clicked:
    """The one job there is."""
    (job,) = edge.jobs.appended
    assert not isinstance(job, AnswerQuestion)
    return job  # pyright: ignore[reportReturnType]  (a test that meets another job fails where it looks at it)


# --- buttons that queue a job ---------------------------------------------------------------------------------------


async def test_stop_is_a_wish_of_anybody_who_sees_it(edge: Edge) -> None:
    """Heard by whichever process makes the answer."""
    question = asked(edge)
    await edge.press("ben", Action.STOP, question.id)
    assert edge.stores.wishes.wished == {question.id}
    assert edge.jobs.appended == []


async def test_a_public_answer_is_asked_for_again_by_anybody(edge: Edge) -> None:
    """As the same question in a later version; a wish to stop it is forgotten."""
    question = asked(edge)
    ts = await edge.post("general", button(Action.AGAIN, edge.seal.close(Action.AGAIN, question.id)))
    edge.stores.records.keep(question, reply=ts)
    edge.stores.wishes.wished.add(question.id)
    await edge.slack.click("ben", "general", ts, Action.AGAIN)
    (again,) = edge.jobs.questions
    assert again == replace(question, version=again.version)
    assert float(again.version) > float(ts)
    assert not edge.stores.wishes.wished


async def test_a_private_answer_is_asked_for_again_by_its_asker(edge: Edge) -> None:
    """It goes where the button was pressed: the old address has run out."""
    question = asked(edge, private=True)
    edge.stores.records.keep(question, state=State.DELIVERED)
    await edge.press("ana", Action.AGAIN, question.id, to="ana")
    (again,) = edge.jobs.questions
    assert again.id == question.id
    assert again.reply_url.startswith(edge.slack.address)


async def test_a_private_question_in_line_cannot_be_asked_again_yet(edge: Edge) -> None:
    """The button stands there from the first moment; pressed at once it says how things are."""
    await edge.press("ana", Action.AGAIN, f"{TEAM}/{GENERAL}/ask-1", to="ana")
    assert edge.jobs.appended == []
    assert edge.lines("ana") == [InLine.user_message]


async def test_a_private_answer_that_is_being_made_is_not_asked_for_again(edge: Edge) -> None:
    """Impatience makes no second one."""
    question = asked(edge, private=True)
    await edge.press("ana", Action.AGAIN, question.id, to="ana")
    assert edge.jobs.appended == []
    assert edge.lines("ana") == [InLine.user_message]


async def test_a_taken_offer_is_a_question_to_us(edge: Edge) -> None:
    """From then on it counts as asked."""
    question = asked(edge)
    edge.stores.records.keep(replace(question, addressed="followed"))
    await edge.press("ana", Action.ACCEPT_OFFER, question.id, to="ana")
    (accepted,) = edge.jobs.questions
    assert (accepted.id, accepted.addressed) == (question.id, "named")
    assert accepted.version


@pytest.mark.parametrize(
    ("action", "parts", "kind"),
    [
        (Action.SHARE, (), ShareAnswer),
        (Action.SEND_REST, (), SendRest),
        (Action.ASK_PERSON, (), AskPerson),
        (Action.OUTDATED, ("handbook:leave.md#1",), ReportOutdated),
    ],
)
async def test_a_press_is_one_job(edge: Edge, action: Action, parts: tuple[str, ...], kind: type[Clicked]) -> None:
    """It says whose press it is, where, and how to answer that person."""
    question = asked(edge, private=True)
    await edge.press("ana", action, question.id, *parts, to="ana")
    job = only(edge)
    assert isinstance(job, ShareAnswer | SendRest | AskPerson | ReportOutdated)
    assert isinstance(job, kind)
    assert job.question_id == question.id
    assert (job.click.person, job.click.channel) == (edge.slack.id_of("ana"), GENERAL)
    assert job.click.reply_url.startswith(edge.slack.address)


async def test_more_passages_are_asked_for_by_page(edge: Edge) -> None:
    """The words travel in the button."""
    await edge.press("ana", Action.MORE_PASSAGES, "travel expenses", "2", to="ana")
    job = only(edge)
    assert isinstance(job, ShowPassages)
    assert (job.words, job.page) == ("travel expenses", 2)


@pytest.mark.parametrize(
    "action", [Action.SHARE, Action.SEND_REST, Action.ACCEPT_OFFER, Action.AGAIN, Action.FOLLOW_UP, Action.REOPEN]
)
async def test_what_belongs_to_the_asker_does_nothing_for_others(edge: Edge, action: Action) -> None:
    """But a polite private line."""
    question = asked(edge, private=True)
    await edge.press("ben", action, question.id)
    assert edge.jobs.appended == []
    assert edge.slack.modal("ben") is None
    assert edge.lines("ben") == [NOT_YOURS]
    assert edge.slack.deliveries[-1].acknowledged


@pytest.mark.parametrize("action", [Action.SHARE, Action.SEND_REST, Action.ACCEPT_OFFER, Action.FOLLOW_UP])
async def test_without_a_record_there_is_nothing_to_press(edge: Edge, action: Action) -> None:
    """After thirty days."""
    await edge.press("ana", action, "T/C/1", to="ana")
    assert edge.lines("ana") == [GONE]
    assert edge.jobs.appended == []


async def test_a_button_that_stands_elsewhere_does_nothing(edge: Edge) -> None:
    """The record knows which message the answer is."""
    question = asked(edge, reply="1795000002.000200")
    await edge.press("ana", Action.AGAIN, question.id)
    assert edge.jobs.appended == []
    assert edge.lines("ana") == [ELSEWHERE]


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.OPEN_LINK}))
async def test_a_forged_value_does_nothing(edge: Edge, action: Action) -> None:
    """Whatever the button: a polite private line, and an acknowledgement."""
    forged = ("-", "T/C/1", '["T/C/1"]', "A" * 22 + '["T/C/1"]', edge.seal.close(Form.RESOLVE, "T/C/1"))
    for value in forged:
        ts = await edge.post("general", button(action, value))
        await edge.slack.click("ana", "general", ts, action)
    assert edge.lines("ana") == [Forged.user_message] * len(forged)
    assert (edge.jobs.appended, edge.stores.wishes.wished, edge.stores.book.kept) == ([], set(), {})
    assert edge.slack.modal("ana") is None
    assert edge.slack.deliveries[-1].acknowledged


async def test_what_was_refused_is_written_down_in_ids(edge: Edge) -> None:
    """Who pressed what, and never what the button carries."""
    ts = await edge.post("general", button(Action.SHARE, "guessed"))
    with structlog.testing.capture_logs() as logs:
        await edge.slack.click("ana", "general", ts, Action.SHARE)
    (log,) = [log for log in logs if log["event"] == "gesture_refused"]
    assert (log["reason"], log["gesture"], log["person"]) == ("Forged", "share", edge.slack.id_of("ana"))
    assert "guessed" not in str(logs)


async def test_a_value_of_another_button_is_a_forged_one(edge: Edge) -> None:
    """A seal is bound to its action."""
    question = asked(edge)
    ts = await edge.post("general", button(Action.SHARE, edge.seal.close(Action.STOP, question.id)))
    await edge.slack.click("ana", "general", ts, Action.SHARE)
    assert edge.lines("ana") == [Forged.user_message]


async def test_a_press_that_cannot_be_stored_is_not_acknowledged(edge: Edge) -> None:
    """Slack marks the button, and the person tries again."""
    question = asked(edge, private=True)
    edge.jobs.down = True
    await edge.press("ana", Action.SHARE, question.id, to="ana")
    assert not edge.slack.deliveries[-1].acknowledged
    assert edge.lines("ana") == []


async def test_a_button_with_an_address_is_acknowledged(edge: Edge) -> None:
    """Slack opens it by itself."""
    await edge.press("ana", Action.OPEN_LINK)
    assert edge.slack.deliveries[-1].acknowledged
    assert edge.lines("ana") == []


# --- ratings --------------------------------------------------------------------------------------------------------


def rated(edge: Edge, person: str, question: Question) -> Feedback:
    """What a person said of an answer."""
    return edge.stores.book.kept[question.id, edge.slack.id_of(person)]


async def test_a_good_rating_is_stored(edge: Edge) -> None:
    """By one press, of anybody."""
    question = asked(edge)
    await edge.press("ben", Action.RATE, "good", question.id)
    assert rated(edge, "ben", question).rating == "good"
    assert edge.slack.modal("ben") is None


async def test_a_bad_rating_is_stored_before_its_reasons(edge: Edge) -> None:
    """Whoever closes the form has still rated; whoever sends it has said why."""
    question = asked(edge)
    await edge.press("ben", Action.RATE, "bad", question.id)
    assert rated(edge, "ben", question).reasons == ()
    form = edge.form("ben").id
    await edge.slack.submit(form, {"reasons": ["wrong", "outdated"], "words": " It is 300 hours. "})
    stored = rated(edge, "ben", question)
    assert (stored.rating, stored.reasons, stored.words) == ("bad", (Reason.WRONG, Reason.OUTDATED), "It is 300 hours.")
    assert edge.slack.modal("ben") is None


async def test_an_earlier_rating_fills_the_form_and_can_be_changed(edge: Edge) -> None:
    """Reasons stay until others are sent, and the last word counts."""
    question = asked(edge)
    await edge.press("ben", Action.RATE, "bad", question.id)
    await edge.slack.submit(edge.form("ben").id, {"reasons": ["other"], "words": "Too long."})
    await edge.press("ben", Action.RATE, "bad", question.id)
    assert rated(edge, "ben", question).words == "Too long."
    await edge.slack.submit(edge.form("ben").id, {"reasons": []})
    assert (rated(edge, "ben", question).reasons, rated(edge, "ben", question).words) == ((), "Too long.")
    await edge.press("ben", Action.RATE, "good", question.id)
    assert rated(edge, "ben", question).rating == "good"


async def test_a_problem_is_reported_from_where_the_answer_is_explained(edge: Edge) -> None:
    """The form opens over the other modal; the answer is rated when it is sent."""
    question = asked(edge)
    await edge.press("ana", Action.WHY, question.id)
    report = button(Action.REPORT_PROBLEM, edge.seal.close(Action.REPORT_PROBLEM, question.id))
    why = {**edge.form("ana").view, "blocks": [{"type": "actions", "elements": [report]}]}
    shown = {name: why[name] for name in ("type", "title", "blocks")}
    await edge.call("views.update", repeatable=True, view_id=edge.form("ana").id, view=shown)
    await edge.slack.click_in_view(edge.form("ana").id, Action.REPORT_PROBLEM)
    await edge.slack.submit(edge.form("ana").id, {"reasons": ["source_missing"]})
    assert rated(edge, "ana", question).reasons == (Reason.SOURCE_MISSING,)


# --- modals that a worker fills -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "kind"), [(Action.WHY, ShowWhy), (Action.REOPEN, Reopen)])
async def test_a_modal_opens_at_once_and_a_worker_fills_it(edge: Edge, action: Action, kind: type[Clicked]) -> None:
    """The job says which modal waits."""
    question = asked(edge)
    await edge.press("ana", action, question.id)
    job = only(edge)
    assert isinstance(job, ShowWhy | Reopen)
    assert isinstance(job, kind)
    assert (job.question_id, job.click.view) == (question.id, edge.form("ana").id)


async def test_an_admin_edits_a_channel_from_the_home_tab(edge: Edge) -> None:
    """The worker asks whether it is an admin; the menu of Slack says which channel."""
    menu = {"type": "conversations_select", "action_id": Action.EDIT_CHANNEL}
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [menu]}]}
    await edge.call("views.publish", repeatable=True, user_id=edge.slack.id_of("ada"), view=view)
    home = edge.slack.home("ada")
    assert home is not None
    await edge.slack.click_in_view(home.id, Action.EDIT_CHANNEL, value="it-help")
    job = only(edge)
    assert isinstance(job, OpenChannelForm)
    assert (job.edited, job.click.view) == (edge.slack.id_of("it-help"), edge.form("ada").id)


async def test_a_modal_that_nobody_will_fill_says_so(edge: Edge) -> None:
    """It stands open already when the job cannot be stored; the press counts as failed."""
    question = asked(edge)
    edge.jobs.down = True
    await edge.press("ana", Action.WHY, question.id)
    assert UNSTORED in str(edge.form("ana").view)
    assert not edge.slack.deliveries[-1].acknowledged


async def test_a_modal_that_slack_does_not_open_is_said_and_not_filled(edge: Edge) -> None:
    """The press is acknowledged, and the person tries again."""
    question = asked(edge)
    edge.slack.fail("views.open", "internal_error")
    await edge.press("ana", Action.WHY, question.id)
    assert edge.jobs.appended == []
    assert edge.lines("ana") == ["Slack didn't open that in time. Press it again."]


# --- forms ----------------------------------------------------------------------------------------------------------


async def test_a_follow_up_goes_on_in_the_private_conversation(edge: Edge) -> None:
    """A command has no thread: the form stands in for it."""
    question = asked(edge, private=True)
    await edge.press("ana", Action.FOLLOW_UP, question.id, to="ana")
    await edge.slack.submit(edge.form("ana").id, {"question": "and on Fridays?"})
    (follow_up,) = edge.jobs.questions
    assert (follow_up.text, follow_up.conversation, follow_up.private) == (
        "and on Fridays?",
        question.conversation,
        True,
    )
    assert follow_up.id != question.id
    assert follow_up.reply_url.startswith(edge.slack.address)


async def test_a_resolution_is_kept_with_who_wrote_it(edge: Edge) -> None:
    """Anybody who knows the answer may write it."""
    question = asked(edge)
    await edge.press("ben", Action.RESOLVED, question.id)
    await edge.slack.submit(edge.form("ben").id, {"answer": "At noon."})
    job = only(edge)
    assert isinstance(job, Resolve)
    assert (job.question_id, job.words, job.click.person) == (question.id, "At noon.", edge.slack.id_of("ben"))
    assert (job.click.channel, bool(job.click.reply_url)) == (GENERAL, True)


@pytest.mark.parametrize(("action", "entry"), [(Action.FOLLOW_UP, "question"), (Action.RESOLVED, "answer")])
async def test_a_form_without_words_says_so_at_the_entry(edge: Edge, action: Action, entry: str) -> None:
    """Spaces are no words; the form stays."""
    question = asked(edge)
    await edge.press("ana", action, question.id)
    await edge.slack.submit(edge.form("ana").id, {entry: "  "})
    assert edge.form("ana").errors == {entry: "Write something here."}
    assert edge.jobs.appended == []


async def test_a_form_that_cannot_be_stored_stays_open(edge: Edge) -> None:
    """Slack says that it failed, and nothing typed is lost."""
    await edge.press("ana", Action.RESOLVED, asked(edge).id)
    edge.jobs.down = True
    await edge.slack.submit(edge.form("ana").id, {"answer": "At noon."})
    assert edge.form("ana").errors
    edge.jobs.down = False
    await edge.slack.submit(edge.form("ana").id, {"answer": "At noon."})
    assert isinstance(only(edge), Resolve)


async def settings_form(edge: Edge, *, made_for: str, shown_to: str) -> str:
    """The form with a channel's settings, in front of somebody; its id."""
    await edge.press(shown_to, Action.WHY, asked(edge).id)
    edge.jobs.appended.clear()
    form = ChannelForm(GENERAL, ChannelSettings(), ("handbook", "wiki"))
    view = channel_form(form, person=edge.slack.id_of(made_for), seal=edge.seal)
    await edge.call("views.update", repeatable=True, view_id=edge.form(shown_to).id, view=view)
    return edge.form(shown_to).id


async def test_an_admins_settings_are_stored_and_count_at_once(edge: Edge) -> None:
    """With who decided, and the Home tab is drawn anew."""
    form = await settings_form(edge, made_for="ben", shown_to="ben")
    values = {"mode": "offer", "auto_answer": ["on"], "sources": ["wiki"], "tone": "brief", "humans": " S07PEOPLEOP "}
    await edge.slack.submit(form, values)
    assert edge.stores.settings.kept[GENERAL] == ChannelSettings("offer", True, ("wiki",), "brief", "S07PEOPLEOP")  # noqa: FBT003
    assert edge.stores.settings.written_by[GENERAL] == edge.slack.id_of("ben")
    assert isinstance(only(edge), ShowHome)


async def test_settings_are_stored_for_nobody_but_the_admin_they_were_shown_to(edge: Edge) -> None:
    """The worker asked Slack about that very person."""
    form = await settings_form(edge, made_for="ada", shown_to="ben")
    await edge.slack.submit(form, {"mode": "offer", "tone": "full"})
    assert not edge.stores.settings.kept
    assert NOT_YOURS in str(edge.form("ben").view)


@pytest.mark.parametrize("humans", ["people-ops", "C07GENERAL1", "<!channel>", "S", "s07peopleop"])
async def test_only_a_group_or_a_person_can_be_brought_in(edge: Edge, humans: str) -> None:
    """What is wrong is said at the entry."""
    form = await settings_form(edge, made_for="ben", shown_to="ben")
    await edge.slack.submit(form, {"mode": "continue", "tone": "full", "humans": humans})
    assert set(edge.form("ben").errors) == {"humans"}
    assert not edge.stores.settings.kept


# --- Home, and the agent's pane -------------------------------------------------------------------------------------


async def test_home_is_drawn_whenever_somebody_comes(edge: Edge) -> None:
    """Once per visit, however often Slack says so."""
    edge.slack.open_home("ana")
    await edge.settled()
    edge.slack.redeliver(edge.slack.deliveries[-1])
    await edge.settled()
    job = only(edge)
    assert isinstance(job, ShowHome)
    assert job.click.person == edge.slack.id_of("ana")


async def test_questions_are_suggested_where_somebody_comes_to_write(edge: Edge) -> None:
    """In the direct messages with that person, of what they look at."""
    await edge.slack.look_at("ana", "people-ops")
    edge.slack.open_home("ana", "messages")
    await edge.settled()
    job = only(edge)
    assert isinstance(job, Suggest)
    assert job.click.channel == edge.slack.id_of("dm-ana")
    assert edge.stores.settings.seen == {edge.slack.id_of("ana"): edge.slack.id_of("people-ops")}


async def home_with(edge: Edge, *parts: str) -> str:
    """A Home tab with one suggestion; its id."""
    element = button(Action.SUGGESTED, edge.seal.close(Action.SUGGESTED, *parts))
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [element]}]}
    await edge.call("views.publish", repeatable=True, user_id=edge.slack.id_of("ana"), view=view)
    home = edge.slack.home("ana")
    assert home is not None
    return home.id


async def test_a_suggested_question_is_asked_in_direct_messages(edge: Edge) -> None:
    """By one press."""
    await edge.slack.click_in_view(await home_with(edge, "When is lunch?"), Action.SUGGESTED)
    job = only(edge)
    assert isinstance(job, AskInDirect)
    assert (job.words, job.click.person) == ("When is lunch?", edge.slack.id_of("ana"))


async def test_a_question_of_ones_own_is_asked_from_home(edge: Edge) -> None:
    """In a form."""
    await edge.slack.click_in_view(await home_with(edge), Action.SUGGESTED)
    await edge.slack.submit(edge.form("ana").id, {"question": "When is dinner?"})
    job = only(edge)
    assert isinstance(job, AskInDirect)
    assert job.words == "When is dinner?"


async def test_on_home_a_refusal_is_said_in_a_modal(edge: Edge) -> None:
    """There is no place for a private line."""
    element = button(Action.REOPEN, edge.seal.close(Action.REOPEN, "T/C/1"))
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [element]}]}
    await edge.call("views.publish", repeatable=True, user_id=edge.slack.id_of("ana"), view=view)
    home = edge.slack.home("ana")
    assert home is not None
    await edge.slack.click_in_view(home.id, Action.REOPEN)
    assert GONE in str(edge.form("ana").view)


async def test_a_stopped_session_stops_the_answer_that_is_made_there(edge: Edge) -> None:
    """Slack's own Stop button says where, not what."""
    ts = await edge.slack.say("ana", "dm-ana", "when is lunch?")
    await edge.settled()
    (question,) = edge.jobs.questions
    edge.stores.wishes.answering[question.conversation] = question.id
    where = edge.slack.id_of("dm-ana")
    await edge.call("agents.sessions.setStatus", repeatable=True, channel_id=where, thread_ts=ts, status="processing")
    await edge.slack.stop("ana", "dm-ana", ts)
    await edge.settled()
    assert edge.stores.wishes.wished == {question.id}


# --- what nobody knows ----------------------------------------------------------------------------------------------


async def test_a_button_of_another_version_is_acknowledged(edge: Edge) -> None:
    """It does nothing, and Slack shows no failure."""
    ts = await edge.post("general", button("of_an_older_version", "x"))
    await edge.slack.click("ana", "general", ts, "of_an_older_version")
    assert edge.slack.deliveries[-1].acknowledged
    assert edge.jobs.appended == []


async def test_a_form_of_another_version_is_closed(edge: Edge) -> None:
    """It cannot be sent, and does not stay in the way."""
    await edge.press("ana", Action.RESOLVED, asked(edge).id)
    shown = {**edge.form("ana").view, "callback_id": "of_an_older_version"}
    view = {name: shown[name] for name in ("type", "title", "submit", "close", "blocks", "callback_id")}
    await edge.call("views.update", repeatable=True, view_id=edge.form("ana").id, view=view)
    await edge.slack.submit(edge.form("ana").id, {"answer": "At noon."})
    assert edge.slack.modal("ana") is None
    assert edge.jobs.appended == []


async def test_a_form_with_metadata_of_another_form_does_nothing(edge: Edge) -> None:
    """Seals are bound to their form, and to us."""
    await edge.press("ana", Action.RESOLVED, asked(edge).id)
    for sealed in ("", edge.seal.close(Form.FEEDBACK, "T/C/1"), edge.seal.close(Form.RESOLVE, "T/C/1")):
        shown = edge.form("ana").view | {"private_metadata": sealed}
        view = {name: shown[name] for name in ("type", "title", "submit", "blocks", "callback_id", "private_metadata")}
        await edge.call("views.update", repeatable=True, view_id=edge.form("ana").id, view=view)
        await edge.slack.submit(edge.form("ana").id, {"answer": "At noon."})
        assert Forged.user_message in str(edge.form("ana").view)
        await edge.slack.dismiss(edge.form("ana").id)
        await edge.press("ana", Action.RESOLVED, asked(edge).id)
    assert edge.jobs.appended == []
