"""Every way in, as Slack itself sends it: signed envelopes through the door and the whole app."""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

import pytest

from bot.jobs import (
    AnswerQuestion,
    AskInDirect,
    AskPerson,
    Job,
    OfferAnswer,
    ReportOutdated,
    ShareAnswer,
    ShowHome,
    ShowPassages,
    Suggest,
    SummariseThread,
    WithdrawQuestion,
)
from bot.models import ConversationKey, Question
from handlers.buttons import Action, Form, Seal
from tests.nouns import NOON
from tests.scenarios.edge import Edge, http_edge, post
from tests.unit.handlers.stand_ins import PAYLOADS, envelope

ASKED = "T0ACME/C0CANTEEN/1772452800.000100"
THREAD = ConversationKey("T0ACME", "C0CANTEEN", "1772452800.000100")
DIRECT = ConversationKey("T0ACME", "D0ANA", "1772452910.000700")

Body: TypeAlias = dict[str, Any]


@pytest.fixture
async def edge() -> AsyncGenerator[Edge]:
    """The edge, reached as Slack reaches it."""
    async with http_edge() as opened:
        yield opened


async def delivered(edge: Edge, body: Mapping[str, Any], *, again: int = 0) -> int:
    """The status of the answer to an envelope, sent in the form that Slack sends its kind in.

    Sent `again` it bears another signature, as a redelivery does, so that the door takes it for new.
    """
    if body.get("type") == "event_callback":
        text, kind = json.dumps(body), "application/json"
    else:
        fields = body if "command" in body else {"payload": json.dumps(body)}
        text, kind = urlencode(fields), "application/x-www-form-urlencoded"
    signed = edge.slack.sign(text, timestamp=int(time.time()) - again)
    return (await post(edge.url, text.encode(), {"content-type": kind, **signed}))[0]


def as_ours(edge: Edge, body: Body) -> Body:
    """The envelope with the bot of this workspace in the place of the bot it speaks of."""
    text = json.dumps(body).replace("U0FOOTNOTE", edge.slack.bot_user_id).replace("B0FOOTNOTE", edge.slack.bot_id)
    return json.loads(text)


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: the envelope, with what it carries, and the job that it becomes."""

    envelope: str
    job: type[Job]
    action: Action | None = None
    parts: tuple[str, ...] = ()

    def body(self, seal: Seal) -> Body:
        """As it comes."""
        body = envelope(self.envelope)
        if self.action:
            body["actions"][0] |= {"action_id": self.action, "value": seal.close(self.action, *self.parts)}
        return body


WAYS = (
    Way("app_mention", AnswerQuestion),
    Way("app_mention_in_thread", AnswerQuestion),
    Way("thread_reply", AnswerQuestion),
    Way("thread_broadcast", AnswerQuestion),
    Way("direct_message", AnswerQuestion),
    Way("direct_message_reply", AnswerQuestion),
    Way("message_changed", AnswerQuestion),
    Way("mention_deleted", WithdrawQuestion),
    Way("message_tombstone", WithdrawQuestion),
    Way("slash_ask", AnswerQuestion),
    Way("slash_search", ShowPassages),
    Way("choose_message_shortcut", SummariseThread),
    Way("home_opened", ShowHome),
    Way("messages_opened", Suggest),
    Way("press", AskPerson, Action.ASK_PERSON, (ASKED,)),
    Way("press", ReportOutdated, Action.OUTDATED, (ASKED, "handbook:leave.md#1")),
    Way("press", AnswerQuestion, Action.AGAIN, (ASKED,)),
    Way("press_private", ShareAnswer, Action.SHARE, (ASKED,)),
    Way("press_private", AnswerQuestion, Action.ACCEPT_OFFER, (ASKED,)),
    Way("press_private", ShowPassages, Action.MORE_PASSAGES, ("travel", "1")),
    Way("press_home", AskInDirect, Action.SUGGESTED, ("When is lunch?",)),
)


def known(edge: Edge) -> None:
    """A question of Ana's that was asked, and whose thread the bot takes part in."""
    edge.stores.records.keep(Question(ASKED, "how many hours?", "U0ANA", THREAD, "1772452800.000100", NOON))
    edge.talks.places.add(THREAD)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.envelope}-{way.action or 'said'}")
async def test_each_way_in_becomes_its_job_however_often_it_comes(edge: Edge, way: Way) -> None:
    """Once, and always acknowledged."""
    known(edge)
    body = as_ours(edge, way.body(edge.seal))
    assert [await delivered(edge, body, again=again) for again in range(3)] == [200, 200, 200]
    assert [type(job) for job in edge.jobs.appended] == [way.job]


async def test_the_two_events_of_a_mention_in_a_thread_are_one_question(edge: Edge) -> None:
    """The same message comes as a mention and as a message, in whichever order."""
    known(edge)
    mention = as_ours(edge, envelope("app_mention_in_thread"))
    as_message = {**mention["event"], "type": "message", "channel_type": "channel"}
    message = {**mention, "event_id": "Ev07OTHER", "event": as_message}
    for again, body in enumerate((message, mention, message)):
        assert await delivered(edge, body, again=again) == 200
    assert len(edge.jobs.appended) == 1


async def test_the_settings_of_a_channel_decide_what_a_message_becomes(edge: Edge) -> None:
    """A follow-up is offered, and an open question overheard."""
    known(edge)
    edge.stores.settings.put("C0CANTEEN", mode="offer", auto_answer=True)
    opened = envelope("channel_message")
    opened["event"]["text"] = "When does the canteen close?"
    for body in (envelope("thread_reply"), opened):
        assert await delivered(edge, as_ours(edge, body)) == 200
    assert [type(job) for job in edge.jobs.appended] == [OfferAnswer, AnswerQuestion]


async def test_a_rating_in_slacks_own_buttons_is_stored(edge: Edge) -> None:
    """`feedback_buttons` carry the value of the side that was pressed."""
    body = envelope("press_feedback")
    body["actions"][0]["value"] = edge.seal.close(Action.RATE, "good", ASKED)
    assert await delivered(edge, body) == 200
    assert edge.stores.book.kept[ASKED, "U0ANA"].rating == "good"


async def test_a_form_is_stored(edge: Edge) -> None:
    """With what was ticked and written."""
    body = envelope("send_form")
    body["view"]["private_metadata"] = edge.seal.close(Form.FEEDBACK, ASKED)
    assert await delivered(edge, body) == 200
    stored = edge.stores.book.kept[ASKED, "U0ANA"]
    assert (stored.reasons, stored.words) == (("outdated",), "It is 300 hours since May.")


async def test_what_a_person_looks_at_is_noted_and_a_stop_is_heard(edge: Edge) -> None:
    """Neither is a job."""
    edge.stores.wishes.answering[DIRECT] = ASKED
    for name in ("context_changed", "session_stopped"):
        assert await delivered(edge, envelope(name)) == 200
    assert edge.stores.settings.seen == {"U0ANA": "C0PEOPLE"}
    assert edge.stores.wishes.wished == {ASKED}
    assert edge.jobs.appended == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.envelope}-{way.action or 'said'}")
@pytest.mark.parametrize("everything", [False, True], ids=["queue", "all"])
async def test_what_cannot_be_stored_is_not_acknowledged(edge: Edge, way: Way, *, everything: bool) -> None:
    """Slack delivers an event again, and says of a gesture that it failed."""
    known(edge)
    edge.jobs.down = True
    edge.talks.down = edge.stores.records.down = edge.stores.settings.down = everything
    assert await delivered(edge, as_ours(edge, way.body(edge.seal))) == 500
    assert edge.jobs.appended == []


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.json")))
def test_every_envelope_is_anonymous(name: str) -> None:
    """No address of a person's, no token that works, nobody's words."""
    text = json.dumps(envelope(name))
    assert not any(secret in text for secret in ("xoxb-", "xoxp-", "xapp-", "gmail"))
