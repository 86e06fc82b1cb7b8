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

START = "start the server, or correct REDIS_URL"
RIGHTS = "give the user the rights of the guide: docs/guide/configuration.md, Which rights the bot needs in Redis"
FILES = "correct ssl_ca_certs, ssl_certfile and ssl_keyfile in REDIS_URL"
HANGS_UP = ("it hangs up", "write rediss instead of redis if it speaks TLS, or look at the server's log")

_REASONS: Mapping[str, tuple[str, str]] = {
    "hostname mismatch": ("its certificate is for another name", "let REDIS_URL have the name in its certificate"),
    "ip address mismatch": ("its certificate is for another name", "let REDIS_URL have the name in its certificate"),
    "certificate verify failed": (
        "its certificate is not trusted",
        "name the file of the authority that issued it: rediss://…?ssl_ca_certs=FILE",
    ),
    "certificate required": ("it asks for a certificate of the bot", "add ssl_certfile and ssl_keyfile to REDIS_URL"),
    "wrong version number": ("it does not speak TLS there", "write redis instead of rediss, or name its TLS port"),
    "record layer failure": ("it does not speak TLS there", "write redis instead of rediss, or name its TLS port"),
    "has slot": ("a part of the cluster has no server", "look at redis-cli --cluster check, and bring the server back"),
    "slot not served": (
        "a part of the cluster has no server",
        "look at redis-cli --cluster check, and bring the server back",
    ),
    "cluster is down": ("the cluster is down", "look at redis-cli --cluster check, and bring its servers back"),
    "replica by now": ("its Sentinels name a replica", "wait until they have agreed, and look again"),
    "timeout": ("nothing came in time", START),
    "name or service": ("its name cannot be resolved", START),
    "name resolution": ("its name cannot be resolved", START),
    "no such file": ("there is no such socket", START),
    "permission denied": ("this account may not use its socket", "let the bot's account use the socket"),
    "closed by server": HANGS_UP,
    "reset by peer": HANGS_UP,
    "refused": ("nothing listens there", START),
    "connect call failed": ("nothing listens there", START),
    "loading": ("it is still loading its data", "wait, and look again"),
}
"""Words in what the library says, what they mean, and what to do."""

_MISTAKES: Mapping[str, str] = {
    "refuses the user or password": (
        "put the right ones into REDIS_URL, before the @; for Sentinels: ?sentinel_username=…&sentinel_password=…"
    ),
    "does not let this user": RIGHTS,
    "know no primary named": "put the name that redis-cli -p 26379 SENTINEL MASTERS shows after the hosts in REDIS_URL",
    "not joined to a cluster": "join them: redis-cli --cluster create HOST:PORT HOST:PORT HOST:PORT",
    "its certificates cannot be used": FILES,
}
"""Words in what is wrong with the settings, and what to do."""


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
    return [*judged(told, embedded=embedded), *_trusted(settings)]


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
    known = (told for sign, told in _REASONS.items() if sign in reason.lower())
    plain, remedy = next(known, (reason, START))
    return error(REDIS, f"{place} does not answer: {plain}", remedy)


def _refused(why: str) -> list[Finding]:
    said, _, told = why.removeprefix("REDIS_URL: ").partition("; ")
    known = (remedy for sign, remedy in _MISTAKES.items() if sign in said)
    if said.startswith("REDIS_URL must read "):
        said, told = "REDIS_URL is no address", said.replace("REDIS_URL must read", "write", 1)
    return error(REDIS, said, next(known, told or "correct REDIS_URL"))


def _trusted(settings: Settings) -> list[Finding]:
    """TLS that checks nothing protects from nobody who can come between."""
    url = "" if isinstance(settings.memory, EmbeddedMemory) else str(settings.memory.url)
    if not url.startswith("rediss") or not any(f"ssl_cert_reqs={way}" in url for way in ("none", "optional")):
        return []
    remedy = "leave ssl_cert_reqs out of REDIS_URL, and name the authority's file with ssl_ca_certs"
    return warning(REDIS, "nobody checks the server's certificate", remedy)


def _fit(told: Mapping[str, str]) -> list[Finding]:
    kind = "Valkey" if "valkey_version" in told else "Redis"
    version = told.get("valkey_version") or told.get("redis_version", "")
    set_of = told.get("redis_version", "").partition(".")[0]
    several = f"{told['primaries']} servers of " if told.get("primaries", "1") != "1" else ""
    name = f"{several}{kind} {version} at {told.get('place', '')}".strip()
    if set_of.isdecimal() and int(set_of) < OLDEST:
        return error(REDIS, f"{name} is too old", "use Redis 7, Valkey 8, or newer")
    if told.get("role") in ("slave", "replica"):
        return error(REDIS, f"{name} is a replica, and takes no writes", "let REDIS_URL name the primary")
    return ok(REDIS, f"{name} answer" if several else f"{name} answers")


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
    policy = told.get("maxmemory_policy")
    if policy is None:
        said = "the server does not say what it does when it is full"
        return warning(EVICTION, said, "ask its provider for maxmemory-policy noeviction")
    if policy == "noeviction":
        return ok(EVICTION, "noeviction")
    remedy = "on the server: CONFIG SET maxmemory-policy noeviction, and CONFIG REWRITE to keep it so"
    if told.get("maxmemory", "0") == "0":
        return warning(EVICTION, f"{policy}: would throw away questions if maxmemory were set", remedy)
    return error(EVICTION, f"{policy}: throws away questions when it is full", remedy)
