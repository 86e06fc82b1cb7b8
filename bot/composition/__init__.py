"""The composition root: turns settings into what is running, opened and closed together.

An adapter is imported inside the function that needs it, so that a command pays only for what it uses.
"""

from bot.composition.answering import Writing, answering, conversing, writing
from bot.composition.backends import check_model
from bot.composition.facts import cohere_lacks, openai_lacks, weaviate_facts
from bot.composition.home import apart, now, private
from bot.composition.memory import cache_facts, memory_facts, remembering
from bot.composition.migrating import Migrating, migrating
from bot.composition.slack import Bot, bot

__all__ = [
    "Bot",
    "Migrating",
    "Writing",
    "answering",
    "apart",
    "bot",
    "cache_facts",
    "check_model",
    "cohere_lacks",
    "conversing",
    "memory_facts",
    "migrating",
    "now",
    "openai_lacks",
    "private",
    "remembering",
    "weaviate_facts",
    "writing",
]
