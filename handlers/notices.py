"""The Notices port over Slack's Web API: lines to one person, and messages that are not the reply to a question."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

from bot.errors import Refused
from bot.feedback import Escalation
from bot.jobs import Click
from bot.models import Answer, ConversationKey, Question
from bot.screens import Doubt, PassagePage, Summary
from handlers.alone import Alone
from handlers.buttons import Seal
from handlers.calls import Calls
from handlers.posting import NO_PREVIEWS, shown
from handlers.views.answer import answer_message
from handlers.views.blocks import Message
from handlers.views.notices import (
    direct_message,
    doubt_message,
    help_message,
    line_message,
    more_message,
    offer_message,
    resolved_message,
    shared_message,
)
from handlers.views.passages import passages_message
from handlers.views.summary import summary_message

SHARED, HELP, DOUBT, DIRECT = "footnote_share", "footnote_help", "footnote_doubt", "footnote_direct"
"""Types of the metadata by which each of these messages is known again."""
PAGE = 200
"""Messages asked for at a time."""
FURTHEST = 10
"""Pages of a channel's newest messages that are looked through for one of ours."""
EARLIER = timedelta(minutes=5)
"""How far Slack's clock and ours may be apart."""

Mark: TypeAlias = Mapping[str, Any]

_PEOPLE = ("U", "W")


@dataclass(frozen=True, slots=True)
class SlackNotices:
    """Tells people what is not an answer; `bot_id` is whose messages count as ours, `now` is the time of day."""

    call: Calls
    bot_id: str
    seal: Seal
    now: Callable[[], datetime]

    @property
    def _alone(self) -> Alone:
        return Alone(self.call)

    # --- to one person alone ----------------------------------------------------------------------------------------

    async def whisper(self, to: Click, text: str) -> None:
        """One plain line; see the port."""
        await self._privately(to, line_message(text))

    async def passages(self, to: Click, page: PassagePage) -> None:
        """A page of passages, in place of the page before; see the port."""
        message = passages_message(page, seal=self.seal, now=self.now())
        await self._privately(to, message, in_place=page.page > 0)

    async def summary(self, to: Click, summary: Summary) -> None:
        """A summary of a thread; see the port."""
        await self._privately(to, summary_message(summary, now=self.now()))

    async def offer(self, question: Question) -> None:
        """Ask the writer alone whether to answer; see the port."""
        await self._beside(question, offer_message(question.id, seal=self.seal))

    async def more(self, question: Question) -> None:
        """Tell the asker alone that there is more; see the port."""
        await self._beside(question, more_message(question.id, seal=self.seal))

    # --- to everyone there ------------------------------------------------------------------------------------------

    async def share(self, to: Click, question: Question, answer: Answer, *, again: bool) -> None:
        """Post the answer in the channel; see the port."""
        where = to.channel or question.conversation.channel
        mark = _mark(SHARED, question_id=question.id)
        if again and await self._standing(where, mark, since=question.asked_at):
            return
        open_to_all = replace(question, private=False, reply_url="")
        message = answer_message(answer, question=open_to_all, seal=self.seal, now=self.now())
        await self._post(where, shared_message(question.text, message, asker=to.person), mark)

    async def bring_in(self, question: Question, escalation: Escalation, *, humans: str, again: bool) -> str:
        """Mention `humans` once; the id of the message. See the port."""
        thread = "" if question.reply_url else escalation.thread
        mark = _mark(HELP, question_id=question.id)
        if again and (stands := await self._standing(escalation.channel, mark, since=escalation.at, thread=thread)):
            return stands
        message = help_message(question, escalation, humans=humans, seal=self.seal)
        return await self._post(escalation.channel, message, mark, thread=thread)

    async def resolved(self, question: Question, escalation: Escalation) -> None:
        """Show who resolved it; see the port."""
        if escalation.message:
            await self.call(
                "chat.update",
                repeatable=True,
                channel=escalation.channel,
                ts=escalation.message,
                metadata=_mark(HELP, question_id=question.id),
                **shown(resolved_message(question, escalation)),
            )

    async def doubt(self, doubt: Doubt, *, to: str, again: bool) -> None:
        """Tell a person or a channel which passage is doubted; see the port."""
        where = await self._alone.direct(to) if to.startswith(_PEOPLE) else to
        mark = _mark(DOUBT, doubt=sha256(f"{doubt.citation.document_id}\n{doubt.day}".encode()).hexdigest())
        if not (again and await self._standing(where, mark, since=self.now() - timedelta(days=1))):
            await self._post(where, doubt_message(doubt, now=self.now()), mark)

    async def open_direct(self, question: Question, *, again: bool) -> ConversationKey:
        """Begin a thread with the asker alone; its key. See the port."""
        where = await self._alone.direct(question.asker)
        mark = _mark(DIRECT, question_id=question.id)
        stands = await self._standing(where, mark, since=question.asked_at) if again else None
        root = stands or await self._post(where, direct_message(question), mark)
        return ConversationKey(question.conversation.workspace, where, root)

    # --- ways to post -----------------------------------------------------------------------------------------------

    async def _privately(self, to: Click, message: Message, *, in_place: bool = False) -> None:
        """To the person alone: to the click's address, else where they clicked, else in their direct messages.

        The next way is taken only when Slack said no to the one before: what may have arrived is not sent again.
        """
        if to.reply_url and await self._answered(to, message, in_place=in_place):
            return
        await self._alone.send(message, person=to.person, channel=to.channel, thread=to.thread)

    async def _answered(self, to: Click, message: Message, *, in_place: bool) -> bool:
        """Whether the click's address took it."""
        try:
            await self._answer_click(to, message, in_place=in_place)
        except Refused:
            return False
        return True

    async def _answer_click(self, to: Click, message: Message, *, in_place: bool) -> None:
        thread = {"thread_ts": to.thread} if to.thread else {}
        how = {"replace_original": in_place, "response_type": "ephemeral", **thread, **NO_PREVIEWS}
        await self.call.reply(to.reply_url, text=message.text, blocks=list(message.blocks), **how)

    async def _beside(self, question: Question, message: Message) -> None:
        """To the writer of a message alone, where it stands."""
        channel, thread = question.conversation.channel, question.thread_begun
        await self._alone.whisper(message, person=question.asker, channel=channel, thread=thread)

    async def _post(self, channel: str, message: Message, mark: Mark | None = None, *, thread: str = "") -> str:
        where = {
            "channel": channel,
            **({"thread_ts": thread} if thread else {}),
            **({"metadata": mark} if mark else {}),
        }
        posted = await self.call("chat.postMessage", repeatable=False, **where, **shown(message), **NO_PREVIEWS)
        return posted["ts"]

    # --- what stands already ----------------------------------------------------------------------------------------

    async def _standing(self, channel: str, mark: Mark, *, since: datetime, thread: str = "") -> str | None:
        """The message that an earlier try posted: ours, and with the mark. Metadata alone proves nothing."""
        oldest = f"{(since - EARLIER).timestamp():.6f}"
        where = {"channel": channel, "oldest": oldest, "include_all_metadata": True, "limit": PAGE}
        method = "conversations.replies" if thread else "conversations.history"
        pages = self.call.pages(method, **where, **({"ts": thread} if thread else {}))
        async with aclosing(pages):
            return await self._found(pages, mark)

    async def _found(self, pages: AsyncGenerator[Mapping[str, Any]], mark: Mark) -> str | None:
        looked_at = 0
        async for page in pages:
            for message in page["messages"]:
                if message.get("bot_id") == self.bot_id and _carries(message, mark):
                    return message["ts"]
            looked_at += 1
            if looked_at == FURTHEST:
                break
        return None


def _mark(kind: str, **payload: str) -> Mark:
    return {"event_type": kind, "event_payload": payload}


def _carries(message: Mapping[str, Any], mark: Mark) -> bool:
    carried: Mark = message.get("metadata") or {}
    return all(carried.get(part) == said for part, said in mark.items())
