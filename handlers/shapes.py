"""What Slack sends, as far as it is read: bodies of any other shape are turned away at the door."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, cast

from pydantic import BaseModel, Field

_Id: TypeAlias = Annotated[str, Field(max_length=255)]
_Moment: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$")]


class _Edit(BaseModel):
    ts: str


class _Changed(BaseModel):
    user: _Id | None = None
    text: str | None = None
    ts: _Moment | None = None
    thread_ts: _Id | None = None
    edited: _Edit | None = None


class _Message(BaseModel):
    channel: _Id
    ts: _Moment
    user: _Id | None = None
    text: str | None = None
    thread_ts: _Id | None = None
    subtype: _Id | None = None
    channel_type: _Id | None = None
    bot_id: _Id | None = None
    client_msg_id: _Id | None = None
    message: _Changed | None = None
    previous_message: _Changed | None = None


class _Visit(BaseModel):
    user: _Id
    channel: _Id | None = None
    thread_ts: _Id | None = None


class _Event(BaseModel):
    type: _Id


class _Delivery(BaseModel):
    team_id: _Id
    event_id: _Id
    event: _Event
    authorizations: list[dict[str, Any]] | None = None


class _Command(BaseModel):
    command: _Id
    team_id: _Id
    user_id: _Id
    channel_id: _Id
    trigger_id: _Id
    response_url: str
    text: str | None = None


class _Person(BaseModel):
    id: _Id
    team_id: _Id | None = None


class _Named(BaseModel):
    id: _Id | None = None


class _Shown(BaseModel):
    ts: _Moment | None = None
    thread_ts: _Id | None = None
    text: str | None = None


class _Chosen(BaseModel):
    ts: _Moment
    thread_ts: _Id | None = None
    text: str | None = None


class _Container(BaseModel):
    type: _Id | None = None
    message_ts: _Moment | None = None
    channel_id: _Id | None = None
    thread_ts: _Id | None = None


class _Option(BaseModel):
    value: str


class _Entry(BaseModel):
    value: str | None = None
    selected_option: _Option | None = None
    selected_options: list[_Option] | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Entry]] = Field(default_factory=dict[str, dict[str, _Entry]])


class _View(BaseModel):
    type: _Id | None = None
    id: _Id | None = None
    callback_id: _Id | None = None
    hash: _Id | None = None


class _Form(BaseModel):
    type: _Id
    callback_id: _Id
    id: _Id | None = None
    hash: _Id | None = None
    private_metadata: str | None = None
    state: _State | None = None


class _Action(BaseModel):
    action_id: _Id
    selected_conversation: _Id | None = None


class _Pressed(_Action):
    action_ts: _Moment


class _Stop(BaseModel):
    user: _Id
    channel: _Id
    thread_ts: _Id | None = None


class _Gesture(BaseModel):
    user: _Person
    team: _Named | None = None
    channel: _Named | None = None
    container: _Container | None = None
    callback_id: _Id | None = None
    response_url: str | None = None


class _Click(_Gesture):
    actions: Annotated[list[_Pressed], Field(min_length=1)]
    trigger_id: _Id
    message: _Shown | None = None
    view: _View | None = None


class _Sent(_Gesture):
    view: _Form
    trigger_id: _Id | None = None


class _Choice(_Gesture):
    message: _Chosen
    action_ts: _Moment
    trigger_id: _Id


class _Shortcut(_Gesture):
    trigger_id: _Id | None = None


class _Kind(BaseModel):
    type: _Id | None = None


class _Any(_Kind):
    """What Bolt takes for granted, whatever it is."""

    command: _Id | None = None
    callback_id: _Id | None = None
    event: dict[str, Any] = Field(default_factory=dict[str, Any])
    actions: list[_Action] = Field(default_factory=list[_Action])
    view: _View = Field(default_factory=_View)


_SHAPES: dict[str, type[BaseModel]] = {
    "event_callback": _Delivery,
    "block_actions": _Click,
    "view_submission": _Sent,
    "view_closed": _Sent,
    "shortcut": _Shortcut,
    "message_action": _Choice,
}
_EVENTS: dict[str, type[BaseModel]] = {
    "message": _Message,
    "app_mention": _Message,
    "app_home_opened": _Visit,
    "app_context_changed": _Visit,
    "agent_session_stopped": _Stop,
}


def check(body: object) -> None:
    """Raise `TypeError` or `ValueError` for what the listeners, or Bolt itself, would stumble over."""
    if not isinstance(body, dict):
        raise TypeError("not an object")
    found = cast("Mapping[str, Any]", body)
    json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair cannot be stored
    kind = _Kind.model_validate(found).type
    shape = _Command if "command" in found else _SHAPES.get(kind or "", _Any)
    shape.model_validate(found)
    if kind == "event_callback":
        _EVENTS.get(found["event"]["type"], _Event).model_validate(found["event"])
