"""One way to a Redis-protocol server: every call has a deadline, none is repeated, a failure is `MemoryUnavailable`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

from redis.exceptions import ClusterDownError, MovedError, NoScriptError, ReadOnlyError, RedisError, ResponseError

from bot.adapters.redis.routes import Route, heard
from bot.adapters.redis.trips import Words
from bot.errors import MemoryUnavailable
from bot.models import ConversationKey

MOVED_ON = (ReadOnlyError, ClusterDownError, MovedError)
"""Refusals that say that things are elsewhere by now."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what is sent instead when the server says that it does not know the script in it."""

    words: Words
    instead: Words = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, run on the server as one atomic step."""

    text: str
    sha: str

    @classmethod
    def load(cls, *names: str) -> Script:
        """The script `NAME`.lua that lies beside this module; of several, one after the other as one script."""
        beside = resources.files("bot.adapters.redis")
        text = "".join(beside.joinpath(f"{name}.lua").read_text("utf-8") for name in names)
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    def step(self, keys: Sequence[str], words: Sequence[str | bytes | float] = ()) -> Step:
        """The script as a command. Its keys share their hash tag."""
        tail = (len(keys), *keys, *words)
        return Step(("EVALSHA", self.sha, *tail), ("EVAL", self.text, *tail))


@dataclass(frozen=True, slots=True)
class Link:
    """Servers, the prefix of our keys on them, and how long a call may take, in seconds.

    Nothing is sent twice: after a timeout the caller knows no more than that, and decides itself. `setting` is the
    variable in which the address stands.
    """

    place: str
    prefix: str
    timeout: float
    route: Route
    setting: str = "REDIS_URL"

    def key(self, *parts: str, of: Sequence[str] = ()) -> str:
        """A key of ours. Those of one thing share a hash tag, so that a script may touch several in a cluster too.

        Without `of` it is one of the keys of the queue. What any other thing is, `of` says: ("question", ID).
        """
        tag = ":".join((self.prefix, *map(_plain, of)))
        return ":".join((f"{{{tag}}}", *map(_plain, parts)))

    async def call(self, *words: str | bytes | float, within: float | None = None) -> Any:
        """The server's reply to one command. Raises `MemoryUnavailable`, also for a refusal."""
        (reply,) = await self.all([Step(words)], within=within)
        return reply

    async def wait(self, *words: str | bytes | float, within: float) -> Any:
        """The reply to a command that blocks, on a connection of its own, for up to `within` seconds and a little."""
        (reply,) = await self._send([Step(words)], within + self.timeout, patient=True)
        return reply

    async def run(
        self,
        script: Script,
        keys: Sequence[str],
        words: Sequence[str | bytes | float] = (),
        *,
        within: float | None = None,
        patient: bool = False,
    ) -> Any:
        """What a script returns; where `patient`, on a connection that may stay silent so long. Raises as `call`."""
        limit = self.timeout if within is None else within
        (reply,) = await self._send([script.step(keys, words)], limit, patient=patient)
        return reply

    async def all(self, steps: Sequence[Step], *, within: float | None = None) -> list[Any]:
        """The replies to commands that are each for itself, in one trip to every server that has some of their keys.

        On one server they are done in order, though not in one step. Raises `MemoryUnavailable` when any of them fails.
        """
        return await self._send(steps, self.timeout if within is None else within)

    async def told(self, *words: str | bytes | float) -> dict[str, Any]:
        """What each server that takes writes says to a command, by its address; a refusal as `ResponseError`."""
        return await self._timed(self.route.everywhere(words), self.timeout)

    async def _send(self, steps: Sequence[Step], within: float, *, patient: bool = False) -> list[Any]:
        replies: list[Any] = await self._timed(self._done(steps, patient=patient), within) if steps else []
        for refusal in replies:
            if isinstance(refusal, ResponseError):
                if isinstance(refusal, MOVED_ON) or str(refusal).startswith("UNBLOCKED"):
                    self.route.doubt()
                raise self._failure(refusal) from refusal
        return replies

    async def _done(self, steps: Sequence[Step], *, patient: bool) -> list[Any]:
        replies = await self.route.send([step.words for step in steps], patient=patient)
        # A server that does not know a script has done nothing for it yet.
        unknown = [n for n, reply in enumerate(replies) if isinstance(reply, NoScriptError) and steps[n].instead]
        if unknown:
            taught = await self.route.send([steps[n].instead for n in unknown], patient=patient)
            for n, reply in zip(unknown, taught, strict=True):
                replies[n] = reply
        return replies

    async def _timed(self, sent: Any, within: float) -> Any:
        # In a task of its own: Python 3.11's `wait_for`, used in there, may swallow a cancellation, and so a deadline.
        sending = asyncio.ensure_future(sent)
        sending.add_done_callback(heard)
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(sending)
        except (RedisError, OSError) as error:
            self.route.doubt()
            raise self._failure(error) from error
        finally:
            sending.cancel()

    def _failure(self, error: Exception) -> MemoryUnavailable:
        return MemoryUnavailable(f"Redis at {self.place}: {str(error) or type(error).__name__}")


def parts(conversation: ConversationKey) -> tuple[str, ...]:
    """What `Link.key` is given for keys of a conversation: whatever is kept about it lies together."""
    return ("conversation", conversation.workspace, conversation.channel, conversation.thread)


def _plain(part: str) -> str:
    return quote(part, safe="")
