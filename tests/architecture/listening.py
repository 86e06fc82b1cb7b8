"""Stands where the app stands, and writes down which listener wants what."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from slack_sdk.web.async_client import AsyncWebClient

from handlers import listeners
from handlers.calls import Calls
from tests.unit.handlers.stand_ins import SEAL, Stores, now

Handler = Callable[..., Awaitable[Any]]
Name: TypeAlias = "str | re.Pattern[str]"


def _names() -> list[Name]:
    return []


@dataclass
class Recorder:
    """What is listened to, kind by kind, and every function that Bolt would call."""

    events: list[Name] = field(default_factory=_names)
    commands: list[Name] = field(default_factory=_names)
    shortcuts: list[Name] = field(default_factory=_names)
    actions: list[Name] = field(default_factory=_names)
    forms: list[Name] = field(default_factory=_names)
    closed: list[Name] = field(default_factory=_names)
    called: list[Handler] = field(default_factory=list[Handler])

    def event(
        self, event: Name, matchers: Sequence[Callable[..., Awaitable[bool]]] | None = None
    ) -> Callable[..., Any]:
        self.called.extend(matchers or ())
        return self._into(self.events, event)

    def command(self, command: Name) -> Callable[..., Any]:
        return self._into(self.commands, command)

    def shortcut(self, constraints: Name) -> Callable[..., Any]:
        return self._into(self.shortcuts, constraints)

    def action(self, constraints: Name) -> Callable[..., Any]:
        return self._into(self.actions, constraints)

    def view_submission(self, constraints: Name) -> Callable[..., Any]:
        return self._into(self.forms, constraints)

    def view_closed(self, constraints: Name) -> Callable[..., Any]:
        return self._into(self.closed, constraints)

    def error(self, func: Handler) -> None:
        self.called.append(func)

    def _into(self, wanted: list[Name], name: Name) -> Callable[..., Any]:
        wanted.append(name)
        return self.called.append


def recorded() -> Recorder:
    """Every listener, as it registers."""
    recorder = Recorder()
    call = Calls(AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/"))
    for listener in listeners(Stores().ports, call=call, seal=SEAL, now=now):
        listener.register(recorder)
    return recorder
