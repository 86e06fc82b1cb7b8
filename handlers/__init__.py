"""The Slack edge, both ways: envelopes in, Block Kit out."""

from bot.ports.memory import Conversations
from bot.ports.queue import JobQueue
from handlers.apologies import Apologies
from handlers.listening import Listener
from handlers.mentions import Mentions
from handlers.messages import Messages
from handlers.threads import Threads
from handlers.unheard import Unheard


def listeners(*, jobs: JobQueue, conversations: Conversations) -> tuple[Listener, ...]:
    """Every listener, in the order Bolt tries them: the first that matches gets the event."""
    return (
        Mentions(jobs, conversations),
        Threads(jobs, conversations),
        Messages(jobs),
        Unheard(),
        Apologies(),
    )
