"""The Rewriter port over a small model: JSON by a schema where the server can, else whatever holds a question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.adapters.openai.client import NotTaken, OpenAIClient
from bot.adapters.openai.refusals import malformed
from bot.adapters.openai.thoughts import Thoughts
from bot.answering import prompts
from bot.conversations import Turn
from bot.ports.generation import Rewritten
from bot.words.sendable import sendable

SECONDS: Final = 10.0
LONGEST: Final = 2_000
"""Characters of a question that a model is asked about: what is longer stands alone."""
LONGEST_PROMPT: Final = 24_000
TURNS: Final = 6
"""How many turns a model is shown, the latest ones."""
_SCHEMA: Final[Mapping[str, Any]] = {**prompts.REWRITTEN, "additionalProperties": False}
FORMATS: Final[Sequence[Mapping[str, Any]]] = (
    {"response_format": {"type": "json_schema", "json_schema": {"name": "rewritten", "schema": _SCHEMA}}},
    {"response_format": {"type": "json_object"}},
    {},
)
"""How a reply is asked for, the next one where the server does not take the one before."""

_WORD = re.compile(r"\w")
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_LABEL = re.compile(r"^(?:question|rewritten(?: question)?|standalone question)\s*:\s*", re.IGNORECASE)


class OpenAIRewriter:
    """Asks `model` for the question that a stranger would have to ask."""

    def __init__(self, client: OpenAIClient, *, model: str, seconds: float = SECONDS) -> None:
        self._client = client
        self._model = model
        self._seconds = seconds
        self._formats = FORMATS

    @property
    def name(self) -> str:
        """What `backends` in an answer calls it."""
        return self._model

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """A query that stands alone. A question without history, or without a word, comes back unchanged.

        Raises `Unavailable` when the server cannot be reached, or replies with something else than a question.
        """
        if not history or not _WORD.search(question) or len(question) > LONGEST:
            return Rewritten(text=question)
        shown = sendable(prompts.conversation(question, history[-TURNS:])[-LONGEST_PROMPT:], most=LONGEST_PROMPT)
        whole = _question(await self._reply(shown), question)
        if whole is None:
            raise malformed(f"rewrite with {self._model}")
        if whole.casefold() == question.strip().casefold():
            return Rewritten(text=question)
        return Rewritten(text=whole, changed=True)

    async def _reply(self, shown: str) -> str:
        messages = (
            {"role": "system", "content": f"{prompts.REWRITE}\n\n{prompts.AS_JSON}"},
            {"role": "user", "content": shown},
        )
        async with self._client.calling(f"rewrite with {self._model}", most=self._seconds):
            reply = await self._asked(messages)
            self._client.used(self._model, "chat", reply.usage)
            content = reply.choices[0].message.content
            if (
                not isinstance(content, str)
                or len(content) > LONGEST_PROMPT
                or reply.choices[0].finish_reason != "stop"
            ):
                raise ValueError("no whole reply")
        thoughts = Thoughts()
        return thoughts.feed(content) + thoughts.close()

    async def _asked(self, messages: Sequence[Mapping[str, str]]) -> Any:
        """A reply, by the first way of asking that the server takes, which is remembered."""
        create: Any = self._client.sdk.chat.completions.create
        for place, form in enumerate(self._formats):
            try:
                reply = await create(model=self._model, messages=messages, **form)
            except NotTaken:
                if place == len(self._formats) - 1:
                    raise
            else:
                self._formats = self._formats[place:]
                return reply
        raise AssertionError("there is always a way left")


def _question(reply: str, asked: str) -> str | None:
    """The question in a reply: of its JSON, or its only line. None where there is none, or far more than one."""
    found = _OBJECT.search(reply)
    if found is not None:
        try:
            told: Any = json.loads(found.group())
        except (ValueError, RecursionError):
            return None
        text: object = told.get("question")
    else:
        lines = [line for line in reply.strip().strip("`").splitlines() if line.strip()]
        text = _LABEL.sub("", lines[0].strip()).strip("\"'“” ") if len(lines) == 1 else None
    if not isinstance(text, str) or not _WORD.search(text) or len(text) > 2 * len(asked) + 400:
        return None
    return " ".join(sendable(text, most=len(text)).split())  # JSON can spell half a character, which nothing can store
