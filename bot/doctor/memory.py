"""Checks of the Redis-protocol server: that it answers, is new enough, and loses nothing that it took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.composition import memory_facts
from bot.doctor.findings import Finding, error, ok, warning
from bot.errors import MemoryUnavailable, Misconfigured
from bot.settings import EmbeddedMemory, Settings

REDIS, KEEPING, EVICTION = "Redis", "Redis persistence", "Redis eviction"
OLDEST = 7
"""Major version of the command set that the bot's scripts need; Valkey reports 7.2."""

_REASONS: Mapping[str, str] = {
    "timeout": "nothing came in time",
    "certificate": "its certificate is not trusted",
    "name or service": "its name cannot be resolved",
    "name resolution": "its name cannot be resolved",
    "no such file": "there is no such socket",
    "permission denied": "this account may not use its socket",
    "refused": "nothing listens there",
    "connect call failed": "nothing listens there",
    "loading": "it is still loading its data",
}
"""Words in what the library says, and what they mean."""


async def server(settings: Settings) -> list[Finding]:
    """Whether the server of the settings can be used, and keeps what it is given.

    An embedded one is started, or joined; for a home folder that is not there yet it is tried in another place.
    """
    embedded = isinstance(settings.memory, EmbeddedMemory)
    try:
        if embedded and not settings.home.is_dir():
            with TemporaryDirectory(prefix="footnote-") as elsewhere:
                told = await memory_facts(settings.model_copy(update={"home": Path(elsewhere)}))
        else:
            told = await memory_facts(settings)
    except MemoryUnavailable as why:
        return _silent(str(why), embedded=embedded)
    except Misconfigured as why:
        return _refused(str(why))
    return judged(told, embedded=embedded)


def judged(told: Mapping[str, str], *, embedded: bool = False) -> list[Finding]:
    """What follows from what a server says of itself."""
    if embedded:
        return ok(REDIS, f"embedded Valkey {told.get('valkey_version', '')}, keeps every write")
    return [*_fit(told), *_kept(told), *_full(told)]


def _silent(why: str, *, embedded: bool) -> list[Finding]:
    if embedded:
        said, _, remedy = why.rpartition(". ")
        return error(REDIS, said or why, remedy or "look at redis/valkey.log in the home folder, or set REDIS_URL")
    place, _, reason = why.removeprefix("Redis at ").partition(": ")
    plain = next((words for sign, words in _REASONS.items() if sign in reason.lower()), reason)
    return error(REDIS, f"{place} does not answer: {plain}", "start the server, or correct REDIS_URL")


def _refused(why: str) -> list[Finding]:
    said = why.removeprefix("REDIS_URL: ")
    if said.endswith("refuses the user or password in it"):
        return error(REDIS, said, "put the right ones into REDIS_URL: redis://USER:PASSWORD@HOST:PORT/DB")
    return error(REDIS, said, "correct REDIS_URL: redis://HOST:PORT/DB, rediss://… with TLS, or unix:///PATH")


def _fit(told: Mapping[str, str]) -> list[Finding]:
    kind = "Valkey" if "valkey_version" in told else "Redis"
    version = told.get("valkey_version") or told.get("redis_version", "")
    set_of = told.get("redis_version", "").partition(".")[0]
    name = f"{kind} {version} at {told.get('place', '')}".strip()
    if set_of.isdecimal() and int(set_of) < OLDEST:
        return error(REDIS, f"{name} is too old", "use Redis 7, Valkey 8, or newer")
    if told.get("role") in ("slave", "replica"):
        return error(REDIS, f"{name} is a replica, and takes no writes", "let REDIS_URL name the primary")
    return ok(REDIS, f"{name} answers")


def _kept(told: Mapping[str, str]) -> list[Finding]:
    if told.get("aof_last_write_status", "ok") != "ok":
        return error(KEEPING, "its last write to disk failed", "free space on the server's disk, and look at its log")
    if told.get("aof_enabled", "") not in ("", "1"):
        said = "appendonly no: a crash of the server loses queued questions"
        return warning(KEEPING, said, "on the server: CONFIG SET appendonly yes, and CONFIG REWRITE to keep it so")
    sync = told.get("appendfsync", "")
    if not sync or "aof_enabled" not in told:
        return warning(KEEPING, "the server does not say how it keeps data", "ask its provider for appendfsync always")
    if sync != "always":
        said = f"appendfsync {sync}: a power cut loses the last questions"
        return warning(KEEPING, said, "on the server: CONFIG SET appendfsync always, and CONFIG REWRITE to keep it so")
    return ok(KEEPING, "appendonly yes, appendfsync always")


def _full(told: Mapping[str, str]) -> list[Finding]:
    policy = told.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return ok(EVICTION, "noeviction")
    remedy = "on the server: CONFIG SET maxmemory-policy noeviction, and CONFIG REWRITE to keep it so"
    if told.get("maxmemory", "0") == "0":
        return warning(EVICTION, f"{policy}: would throw away questions if maxmemory were set", remedy)
    return error(EVICTION, f"{policy}: throws away questions when it is full", remedy)
