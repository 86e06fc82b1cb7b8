"""What a listener is, and what it wants of the app that Bolt builds."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol


class App(Protocol):
    """The part of Bolt's `AsyncApp` that listeners use."""

    def event(
        self, event: str | re.Pattern[str], matchers: Sequence[Callable[..., Awaitable[bool]]] | None = None
    ) -> Callable[..., Any]:
        """Register what is called with an event of this type; Bolt fills in its arguments by name."""
        ...

    def error(self, func: Callable[..., Awaitable[None]]) -> Any:
        """Register what is called when a listener fails."""
        ...


class Listener(Protocol):
    """Something that wants events of an app."""

    def register(self, app: App) -> None:
        """Tell the app which ones."""
        ...
