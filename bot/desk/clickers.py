"""Whose click it is: what they may be shown of a question, and whether they belong to the workspace."""

from datetime import UTC, datetime

from bot.jobs import Click
from bot.models import ConversationKey, Question
from bot.ports.slack import Directory
from bot.records import AnswerRecord

GONE = "This answer is no longer kept. Ask again."
NOT_YOURS = "Only the person who asked can do this."
ELSEWHERE = "This can only be done where it was asked."

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def may_see(click: Click, record: AnswerRecord) -> bool:
    """Whether the answer is the clicker's own, or stands for everybody where they clicked."""
    question = record.question
    if click.person == question.asker:
        return True
    public = record.shared or not question.private
    return public and click.channel in ("", question.conversation.channel)


async def belongs(click: Click, *, directory: Directory) -> bool:
    """Whether the clicker may ask us anything: the rule for whoever asks a question. Raises `SlackUnavailable`."""
    place = ConversationKey(click.workspace, click.channel, click.thread)
    asking = Question(click.id, "", click.person, place, message="", asked_at=_NEVER, private=True)
    return await directory.may_ask(asking)
