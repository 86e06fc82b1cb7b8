"""Signed gestures with values missing, of another type, or huge: each is refused or let pass, and nothing breaks."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import ConversationKey, Question
from handlers.buttons import Action, Form, Seal
from tests.nouns import NOON
from tests.scenarios.edge import Edge, http_edge
from tests.unit.handlers.stand_ins import envelope

FORMED = {"content-type": "application/x-www-form-urlencoded"}
NOWHERE = "https://hooks.slack.com/respond/x"
QUESTION = Question("T0ACME/C0CANTEEN/1.1", "?", "U0ANA", ConversationKey("T0ACME", "C0CANTEEN", "1.1"), "1.1", NOON)
JUNK: tuple[object, ...] = (None, True, 7, "", "x", "\x00é" * 5_000, [7], {}, {"id": 7}, {"value": []})
LITTLE: tuple[object, ...] = (7, {"id": []})
UNREAD = frozenset(("blocks", "title", "close", "submit", "text"))
"""What stands below these is Slack's copy of what we showed."""

# --- gestures as Slack sends them -----------------------------------------------------------------------------------

ACTIONS: Mapping[Action, tuple[str, ...]] = {
    **dict.fromkeys(Action, (QUESTION.id,)),
    Action.RATE: ("bad", QUESTION.id),
    Action.OUTDATED: (QUESTION.id, "handbook:leave.md#1"),
    Action.MORE_PASSAGES: ("lunch", "1"),
    Action.SUGGESTED: ("When is lunch?",),
    Action.EDIT_CHANNEL: ("C0CANTEEN",),
    Action.OPEN_LINK: (),
}
FORMS: Mapping[Form, tuple[str, ...]] = {
    Form.FEEDBACK: (QUESTION.id,),
    Form.FOLLOW_UP: (QUESTION.id, NOWHERE),
    Form.RESOLVE: (QUESTION.id, "C0CANTEEN", "1.1", NOWHERE),
    Form.CHANNEL: ("C0CANTEEN", "U0ANA"),
    Form.ASK: (),
    Form.ANSWER_THIS: ("C0CANTEEN", "1.1", "1.1", "lunch?", "1.2", NOWHERE),
}
ENTRIES: Mapping[str, Any] = {
    "question": {"type": "plain_text_input", "value": "lunch?"},
    "answer": {"type": "plain_text_input", "value": "At noon."},
    "where": {"type": "radio_buttons", "selected_option": {"value": "thread"}},
    "mode": {"type": "static_select", "selected_option": {"value": "mention"}},
    "tone": {"type": "static_select", "selected_option": {"value": "brief"}},
    "sources": {"type": "checkboxes", "selected_options": [{"value": "handbook"}]},
    "humans": {"type": "plain_text_input", "value": "S07PEOPLEOP"},
}


def press(seal: Seal, action: Action, name: str) -> dict[str, Any]:
    """A press of a button, with what it really carries."""
    whole = envelope(name)
    whole["actions"][0] |= {"action_id": action, "value": seal.close(action, *ACTIONS[action])}
    return whole


def sent(seal: Seal, form: Form) -> dict[str, Any]:
    """A form that is sent, with everything filled in."""
    whole = envelope("send_form")
    whole["view"] |= {"callback_id": form, "private_metadata": seal.close(form, *FORMS[form])}
    whole["view"]["state"]["values"] |= {name: {name: entry} for name, entry in ENTRIES.items()}
    return whole


def chosen(callback_id: str) -> dict[str, Any]:
    """A shortcut chosen from a message's menu."""
    return envelope("choose_message_shortcut") | {"callback_id": callback_id}


def gesture(edge: Edge, name: str) -> dict[str, Any]:
    """A gesture by its name here; where it has a reply address, that is used up."""
    kind, _, what = name.partition(" ")
    match kind:
        case "press" | "press_home" | "press_private":
            whole = press(edge.seal, Action(what), kind)
        case "send":
            whole = sent(edge.seal, Form(what))
        case "choose":
            whole = chosen(what)
        case _:
            whole = envelope(name)
    used_up = f"{edge.slack.address}respond/x"
    return {**whole, "response_url": used_up} if "response_url" in whole else whole


NAMES = (
    *(f"press {action}" for action in Action),
    "press_private again", "press_private share", "press_home suggested", "press_home reopen",
    *(f"send {form}" for form in Form),
    "choose answer_this", "choose summarise_thread",
    "choose_channel", "choose_global_shortcut", "close_form", "slash_ask", "slash_search",
)  # fmt: skip

WHOLLY = frozenset(
    ("press again", "press_private share", "press_home suggested", "send channel", "choose answer_this", "slash_ask")
)
"""One of each kind, to which everything is done; the others are spared most of it."""

# --- what is done to them -------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


def places(whole: object, above: Path = ()) -> Iterator[Path]:
    """Where in a gesture a value stands, those that hold others included."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(whole, dict):
        inside = list(cast("dict[str | int, object]", whole).items())
    elif isinstance(whole, list):
        inside = list(enumerate(cast("list[object]", whole)))
    for name, value in inside:
        yield (*above, name)
        if name not in UNREAD:
            yield from places(value, (*above, name))


def without(whole: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """The gesture without what stands there."""
    changed = copy.deepcopy(dict(whole))
    holder = _holder(changed, place)
    del holder[place[-1]]
    return changed


def instead(whole: Mapping[str, Any], place: Path, value: object) -> dict[str, Any]:
    """The gesture with something else there."""
    changed = copy.deepcopy(dict(whole))
    _holder(changed, place)[place[-1]] = value
    return changed


def _holder(whole: Any, place: Path) -> Any:
    for name in place[:-1]:
        whole = whole[name]
    return whole


# --- the door -------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """An edge, and a session to knock at it with."""

    edge: Edge
    session: aiohttp.ClientSession
    knocks: int = 0

    async def knock(self, whole: Mapping[str, Any]) -> tuple[int, str]:
        """Status and text of the answer to a signed gesture, which comes once: no two have the same signature."""
        self.knocks += 1
        whole = {**whole, "token": f"knock-{self.knocks}"}
        body = urlencode(whole if "command" in whole else {"payload": json.dumps(whole)})
        headers = FORMED | self.edge.slack.sign(body)
        async with self.session.post(self.edge.url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def knocking() -> AsyncGenerator[Desk]:
    async with http_edge() as edge, aiohttp.ClientSession() as session:
        edge.stores.records.keep(QUESTION)
        yield Desk(edge, session)


@pytest.mark.parametrize("name", NAMES)
async def test_a_gesture_that_is_not_as_slack_sends_it_breaks_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every value of it deleted in turn, and replaced by others: 200 or 400, and no stack trace anywhere."""
    async with knocking() as desk:
        whole, junk_for = gesture(desk.edge, name), JUNK if name in WHOLLY else LITTLE
        with structlog.testing.capture_logs() as logs:
            assert (await desk.knock(whole))[0] == 200
            broken = [
                (place, status)
                for place in places(whole)
                for changed in (without(whole, place), *(instead(whole, place, value) for value in junk_for))
                if (status := (await desk.knock(changed))[0]) not in (200, 400)
            ]
    assert broken == []
    assert [log for log in logs if log["event"] == "listener_failed"] == []
    assert [record for record in caplog.records if record.exc_info] == []


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), picks=st.lists(st.tuples(st.integers(0, 10_000), junk), min_size=1, max_size=4))
async def test_several_values_at_once_break_nothing(name: str, picks: list[tuple[int, object]]) -> None:
    """Anything anywhere: the door holds, and what is behind it never hears of what it could not read."""
    async with knocking() as desk:
        whole = gesture(desk.edge, name)
        for number, value in picks:
            every = list(places(whole))
            whole = instead(whole, every[number % len(every)], value) if every else whole
        with structlog.testing.capture_logs() as logs:
            status, text = await desk.knock(whole)
    assert status in (200, 400)
    assert "Traceback" not in text
    assert [log for log in logs if log["event"] == "listener_failed"] == []


async def test_a_gesture_that_cannot_be_stored_is_the_only_500() -> None:
    """Slack says that it failed, or delivers again: that is for a memory that is down, and for nothing else."""
    async with knocking() as desk:
        desk.edge.jobs.down = True
        assert (await desk.knock(gesture(desk.edge, "press stop")))[0] == 200
        assert (await desk.knock(gesture(desk.edge, "press share")))[0] == 500
        assert (await desk.knock(gesture(desk.edge, "slash_ask")))[0] == 500
