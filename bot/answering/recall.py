"""What was said before, as far as this audience may still read it, and what is kept of what is said now."""

from datetime import datetime

from bot.conversations import Turn, cited_documents
from bot.models import Answer, Audience, ConversationKey
from bot.ports.memory import Conversations
from bot.ports.search import SearchIndex


async def recall(
    key: ConversationKey, *, conversations: Conversations, index: SearchIndex, audience: Audience
) -> tuple[Turn, ...]:
    """The recent turns, oldest first, without words of documents that changed, went, or are not for all of these."""
    conversation = await conversations.read(key)
    revisions = await index.revisions(cited_documents(conversation.turns), visible_to=audience)
    return conversation.still_readable(revisions).window()


async def still_readable(answer: Answer, *, index: SearchIndex, audience: Audience) -> bool:
    """Whether everything the answer cites stands unchanged and may be read by all of `audience`."""
    cited = cited_revisions(answer)
    current = await index.revisions(list(cited), visible_to=audience)
    return all(current.get(document) == revision for document, revision in cited.items())


def remembered(answer: Answer, *, asked_at: datetime, question_id: str, author: str = "") -> Turn:
    """The turn that a conversation keeps of an answer: with ids and revisions of what it cites."""
    return Turn(
        question=answer.question,
        standalone_query=answer.standalone_query,
        answer=answer.text,
        cited=cited_revisions(answer),
        asked_at=asked_at,
        question_id=question_id,
        author=author,
    )


def cited_revisions(answer: Answer) -> dict[str, str]:
    """Revision of each document that the answer shows words or names of."""
    return {c.document_id: c.revision for c in (*answer.citations, *answer.closest)}
