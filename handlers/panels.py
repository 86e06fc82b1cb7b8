"""The Panels port over Slack's Web API: modals that stand open, the Home tab, and pinned questions."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.errors import Refused
from bot.jobs import Click
from bot.screens import ChannelForm, Home, Reopened, Why
from handlers.buttons import Seal
from handlers.calls import Calls
from handlers.views.blocks import Block
from handlers.views.channel_form import channel_form
from handlers.views.home import home_view
from handlers.views.pieces import line, modal, plain, section
from handlers.views.reopened import reopened_view
from handlers.views.why import why_view

TITLE = "Footnote"
MOST_PROMPTS = 4
"""Questions that Slack pins."""
LONGEST_TITLE, LONGEST_PROMPT = 60, 300
"""Characters of a pinned question, as it is shown and as it is asked."""


@dataclass(frozen=True, slots=True)
class SlackPanels:
    """Fills what stands open; what was closed meanwhile is nobody's loss. `now` is the time of day."""

    call: Calls
    seal: Seal
    now: Callable[[], datetime]

    async def why(self, to: Click, why: Why) -> None:
        """Fill *Why this answer?*; see the port."""
        await self._fill(to, why_view(why, seal=self.seal, now=self.now()))

    async def reopened(self, to: Click, answer: Reopened) -> None:
        """Show an earlier answer again; see the port."""
        await self._fill(to, reopened_view(answer, now=self.now()))

    async def channel_form(self, to: Click, form: ChannelForm) -> None:
        """Fill the form with a channel's settings; see the port."""
        await self._fill(to, channel_form(form, person=to.person, seal=self.seal))

    async def apologise(self, to: Click, text: str) -> None:
        """Say why the modal stays empty; see the port."""
        await self._fill(to, modal(TITLE, [section(plain(line(text, limit=1_000), limit=1_000))]))

    async def home(self, person: str, home: Home) -> None:
        """Publish a person's Home tab; see the port."""
        view = home_view(home, seal=self.seal, now=self.now())
        await self.call("views.publish", repeatable=True, user_id=person, view=view)

    async def suggest(self, to: Click, questions: Sequence[str]) -> None:
        """Pin questions in the person's direct messages, where Slack lets us; see the port."""
        asked = [said for question in questions if (said := line(question, limit=LONGEST_PROMPT))]
        prompts = [{"title": line(said, limit=LONGEST_TITLE), "message": said} for said in asked[:MOST_PROMPTS]]
        if prompts and to.channel:
            with suppress(Refused):
                method = "assistant.threads.setSuggestedPrompts"
                await self.call(method, repeatable=True, channel_id=to.channel, prompts=prompts)

    async def _fill(self, to: Click, view: Block) -> None:
        """Put `view` in place of the modal; a person who has closed it is not shown it again."""
        if not to.view:
            return
        try:
            await self.call("views.update", repeatable=True, view_id=to.view, view=view)
        except Refused as refusal:
            if refusal.code not in ("not_found", "view_not_found"):
                raise
