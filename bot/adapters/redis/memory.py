"""All that is kept, over one link."""

from __future__ import annotations

from bot.adapters.redis.budgets import RedisBudgets
from bot.adapters.redis.channels import RedisChannels
from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.dead_letters import RedisDeadLetters
from bot.adapters.redis.feedback import RedisFeedbackBook
from bot.adapters.redis.link import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.adapters.redis.stops import RedisStops
from bot.ports.memory import Memory


def memory_over(link: Link, *, lease: float) -> Memory:
    """Every port of the memory; `lease` is in seconds."""
    return Memory(
        jobs=RedisJobQueue(link, lease=lease, acknowledge=link.timeout),
        conversations=RedisConversations(link),
        records=RedisAnswerRecords(link),
        feedback=RedisFeedbackBook(link),
        channels=RedisChannels(link),
        stops=RedisStops(link),
        budgets=RedisBudgets(link),
        dead_letters=RedisDeadLetters(link),
    )
