"""Events that nobody here waits for."""

import re

from handlers.listening import App


class Unheard:
    """Acknowledges what else an installation subscribes to: Slack counts what is not as a failed delivery."""

    def register(self, app: App) -> None:
        """Listen to every event that no listener before this one wanted."""
        app.event(re.compile(".+"))(self.on_event)

    async def on_event(self) -> None:
        """Let it pass."""
