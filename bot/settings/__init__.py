"""Every setting, checked at start: environment variables (and `.env`) in, one frozen tree out."""

from bot.settings.choosing import choose, load
from bot.settings.tree import (
    Cohere,
    EmbeddedMemory,
    Http,
    LocalIndex,
    OpenAI,
    ServerMemory,
    Settings,
    Slack,
    WeaviateIndex,
)
from bot.settings.variables import VARIABLES, Variable

__all__ = [
    "VARIABLES",
    "Cohere",
    "EmbeddedMemory",
    "Http",
    "LocalIndex",
    "OpenAI",
    "ServerMemory",
    "Settings",
    "Slack",
    "Variable",
    "WeaviateIndex",
    "choose",
    "load",
]
