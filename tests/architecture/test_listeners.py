"""What the listeners ask of Bolt is what Bolt gives, and whatever Slack may send is acknowledged."""

import inspect
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import build_app
from handlers.actions import Actions
from handlers.buttons import Action, Form, Shortcut
from handlers.calls import Calls
from handlers.tokens import Identity
from handlers.waiting import REPLAYED
from tests.architecture.listening import Recorder, recorded
from tests.unit.handlers.stand_ins import PAYLOADS, SEAL, Stores, envelope, now

NO_TOUCH = {"press", "press_private", "press_feedback", "press_home", "choose_channel"}
"""Clicks with an unsealed value: we would tell the person so, over a connection that an architecture test has not."""
GESTURES = ("Actions", "Commands", "Forms", "Panes", "Ratings", "Shortcuts")
"""Listeners of commands, clicks and forms."""
EVERYTHING = sorted(path.stem for path in PAYLOADS.glob("*.json") if path.stem not in NO_TOUCH)


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return recorded()


@pytest.fixture
def app() -> AsyncApp:
    identity = Identity("T0ACME", "Acme", "U0FOOTNOTE", "B0FOOTNOTE", "footnote")
    client = AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/")
    return build_app(client=client, identity=identity, ports=Stores().ports, now=now, signing_secret="s")


async def sent(app: AsyncApp, body: dict[str, Any]) -> int:
    """The status with which an envelope is answered."""
    return (await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))).status


def test_a_button_whose_work_is_a_job_can_wait_on_the_disk() -> None:
    """Every press that `Actions` hears is kept while the memory is away, but for one that is only acknowledged."""
    heard, ports = Recorder(), Stores().ports
    call = Calls(AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/"))
    Actions(ports.jobs, ports.records, ports.stops, SEAL, call).register(heard)
    assert {*heard.actions} == REPLAYED | {Action.OPEN_LINK}


def test_bolt_knows_every_argument(recorder: Recorder) -> None:
    """Bolt fills arguments by name and passes None for a name it does not know, so that a typo would stay silent."""
    known = set(inspect.signature(AsyncArgs).parameters) | {"error"}
    asked = {(str(called), name) for called in recorder.called for name in inspect.signature(called).parameters}
    assert {(called, name) for called, name in asked if name not in known} == set()


def test_every_argument_can_be_filled_by_name(recorder: Recorder) -> None:
    """Bolt reads positional names only: an argument after a star would be left out."""
    kinds = {kind.kind for called in recorder.called for kind in inspect.signature(called).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


def test_whoever_hears_a_gesture_can_acknowledge_it(recorder: Recorder) -> None:
    """Slack waits for that with everything but events; a listener that cannot would look broken."""
    gestures = [called for called in recorder.called if called.__qualname__.partition(".")[0] in GESTURES]
    assert len(gestures) > len(GESTURES)
    assert [called for called in gestures if "ack" not in inspect.signature(called).parameters] == []


def test_every_button_form_and_shortcut_is_listened_to(recorder: Recorder) -> None:
    """What a view may hold does something, and nothing is listened to that no view can hold."""
    assert {name for name in recorder.actions if isinstance(name, str)} == set(Action)
    assert {name for name in recorder.forms if isinstance(name, str)} == set(Form)
    assert {name for name in recorder.shortcuts if isinstance(name, str)} == set(Shortcut)


@pytest.mark.parametrize("name", EVERYTHING)
async def test_whatever_slack_sends_is_acknowledged(app: AsyncApp, name: str) -> None:
    """Whatever of it is passed over, Slack gets its 200; a shortcut that no form can be opened for too."""
    assert await sent(app, envelope(name)) == 200


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("press", ("actions", 0, "action_id")),
        ("choose_message_shortcut", ("callback_id",)),
        ("send_form", ("view", "callback_id")),
        ("slash_ask", ("command",)),
        ("app_mention", ("event", "type")),
    ],
)
async def test_what_nobody_knows_is_acknowledged_too(app: AsyncApp, name: str, where: tuple[str | int, ...]) -> None:
    """A button of an older version, a command or an event that an installation added: Slack would count a failure."""
    body: Any = envelope(name)
    at = body
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = "of_another_version"
    assert await sent(app, body) == 200
