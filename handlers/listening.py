"""What a listener is, and what it wants of the app that Bolt builds."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

Name: TypeAlias = "str | re.Pattern[str]"
Registered: TypeAlias = Callable[..., Any]
"""Takes what is to be called; Bolt fills in its arguments by name."""


class App(Protocol):
    """The part of Bolt's `AsyncApp` that listeners use."""

    def event(self, event: Name, matchers: Sequence[Callable[..., Awaitable[bool]]] | None = None) -> Registered:
        """Register what is called with an event of this type."""
        ...

    def command(self, command: Name) -> Registered:
        """Register what is called with a slash command."""
        ...

    def shortcut(self, constraints: Name) -> Registered:
        """Register what is called with a shortcut of this `callback_id`."""
        ...

    def action(self, constraints: Name) -> Registered:
        """Register what is called with a click on an element of this `action_id`."""
        ...

    def view_submission(self, constraints: Name) -> Registered:
        """Register what is called with a form of this `callback_id`."""
        ...

    def view_closed(self, constraints: Name) -> Registered:
        """Register what is called when a view of this `callback_id` is closed."""
        ...

    def error(self, func: Callable[..., Awaitable[None]]) -> Any:
        """Register what is called when a listener fails."""
        ...


class Listener(Protocol):
    """Something that wants events of an app."""

    def register(self, app: App) -> None:
        """Tell the app which ones."""
        ...
