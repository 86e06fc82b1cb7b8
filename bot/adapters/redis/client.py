"""Connecting to the servers of an address, and whether they are fit to keep what people were told is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

from redis.exceptions import AuthenticationError, MovedError, NoPermissionError, ResponseError

from bot.adapters.redis.addresses import parse
from bot.adapters.redis.link import Link, Script, Step
from bot.adapters.redis.routes import NoCluster, UnknownPrimary, route
from bot.errors import MemoryUnavailable, Misconfigured

__all__ = ["Link", "Script", "check", "connect", "facts"]

OLDEST = 7
"""Major version of the Redis command set that the scripts need (Valkey reports 7.2)."""
TRIALS = 24
"""Things that are looked for, each at a place of its own: who has only a part of a cluster's keys cannot hide it."""
_GOOD = {
    "aof_enabled": "1",
    "aof_last_write_status": "ok",
    "appendfsync": "always",
    "maxmemory": "0",
    "maxmemory_policy": "noeviction",
    "role": "master",
}


@asynccontextmanager
async def connect(
    url: str,
    *,
    prefix: str = "footnote",
    timeout: float = 2.0,  # noqa: ASYNC109  (a setting of every call)
    setting: str = "REDIS_URL",
) -> AsyncGenerator[Link]:
    """A link to the servers at `url`; connects when first used. Raises `Misconfigured` for a malformed address."""
    address = parse(url, setting=setting)
    way = route(address, timeout=timeout)
    try:
        yield Link(address.place, prefix, timeout, way, setting)
    finally:
        await way.aclose()


async def check(link: Link) -> list[str]:
    """What an operator should know about the servers, as sentences; raises `Misconfigured` where jobs could be lost.

    Raises `MemoryUnavailable` when a server does not answer.
    """
    warnings: list[str] = []
    for place, told in (await _facts(link)).items():
        _refuse(told, place, link.setting)
        warnings += _warnings(told, place)
    await rehearse(link)
    return warnings


async def facts(link: Link, *, cache: bool = False) -> dict[str, str]:
    """What the servers say of themselves, by the names of INFO; of several servers the worst, and how many there are.

    Raises `MemoryUnavailable` when one does not answer, `Misconfigured` when they refuse the user or password, or what
    the bot needs to do there: for a `cache` little.
    """
    told = list((await _facts(link)).values())
    await (_rehearse_cache(link) if cache else rehearse(link))
    names = dict.fromkeys(name for one in told for name in one)
    return {name: _worst(name, [one[name] for one in told if name in one]) for name in names} | {
        "primaries": str(len(told))
    }


async def rehearse(link: Link) -> None:
    """Raise `Misconfigured` when the user may not do what the bot does, or the server has only a part of the keys."""
    script = Script.load("rehearse").step([link.key("trial")])
    looks = (Step(("EXISTS", link.key(of=("trial", str(number))))) for number in range(TRIALS))
    with _explained(link):
        refused, *_ = await link.all([script, *looks])
    if refused:
        names = ", ".join(name.decode() for name in refused)
        keys = f"{{{link.prefix}*"
        raise Misconfigured(
            f"{link.setting}: the server at {link.place} does not let this user run {names} on keys {keys}"
        )


async def _rehearse_cache(link: Link) -> None:
    trials = [link.key(of=("trial", str(number))) for number in range(TRIALS)]
    with _explained(link):
        await link.all([*(Step(("SET", key, 1, "EX", 1)) for key in trials), *(Step(("GET", key)) for key in trials)])


async def _facts(link: Link) -> dict[str, dict[str, str]]:
    """What each server says of itself, by its address; what it does not tell is left out."""
    with _explained(link):
        told = await link.told("INFO")
        more = await link.told("CONFIG", "GET", "appendfsync", "maxmemory-policy")
    found: dict[str, dict[str, str]] = {}
    for place, info in told.items():
        if isinstance(info, ResponseError):
            raise Misconfigured(f"{link.setting}: the server at {place} does not let this user run INFO")
        found[place] = _configured(more.get(place)) | _informed(info)
        if "sentinel" in (found[place].get("redis_mode"), found[place].get("server_mode")):
            raise Misconfigured(
                f"{link.setting}: {place} is a Sentinel; write redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB"
            )
    return found


def _informed(info: bytes) -> dict[str, str]:
    """The lines `name:value` of what INFO says; a proxy may leave some out."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


def _configured(told: Any) -> dict[str, str]:
    """What CONFIG GET says, by the names of INFO; nothing where somebody else runs the server and lets nobody ask."""
    if not isinstance(told, list):
        return {}
    words = [word.decode(errors="replace") for word in cast("list[bytes]", told)]
    return {name.replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def _refuse(told: Mapping[str, str], place: str, setting: str) -> None:
    version = told.get("redis_version", f"{OLDEST}.0")
    if int(version.split(".", maxsplit=1)[0]) < OLDEST:
        raise Misconfigured(f"{setting}: the server at {place} is version {version}; use Redis 7, Valkey 8, or newer")
    if told.get("role", "master") != "master":
        raise Misconfigured(f"{setting}: the server at {place} is a replica, which takes no writes; name its primary")
    policy = told.get("maxmemory_policy", "noeviction")
    if told.get("maxmemory", "0") != "0" and policy != "noeviction":
        raise Misconfigured(
            f"{setting}: the server at {place} may throw away jobs when it is full (maxmemory-policy is {policy}); "
            "set maxmemory-policy to noeviction, or use another server"
        )


def _warnings(told: Mapping[str, str], place: str) -> Iterator[str]:
    if told.get("aof_enabled") == "0":
        warning = "keeps no append-only file: its crash loses questions. Set appendonly yes and appendfsync always."
        yield f"The Redis server at {place} {warning}"
    if "maxmemory_policy" not in told:
        warning = "does not say whether it throws keys away when it is full. Ask its provider for noeviction."
        yield f"The Redis server at {place} {warning}"


def _worst(name: str, values: list[str]) -> str:
    if name == "redis_version":
        return min(values, key=lambda version: [int(part) for part in version.split(".") if part.isdecimal()])
    return next((value for value in values if value != _GOOD.get(name, values[0])), values[0])


@contextmanager
def _explained(link: Link) -> Generator[None]:
    """Tell a mistake in the settings from a server that does not answer."""
    try:
        yield
    except MemoryUnavailable as error:
        mistake = next(filter(None, (_mistake(cause, link) for cause in _causes(error))), None)
        if mistake:
            raise Misconfigured(f"{link.setting}: {mistake}") from error
        raise


def _mistake(cause: BaseException, link: Link) -> str | None:
    match cause:
        case AuthenticationError():
            return f"the server at {link.place} refuses the user or password in it"
        case NoPermissionError():
            return f"the server at {link.place} does not let this user do all that is needed: {cause}"
        case MovedError():
            return f"the server at {link.place} is one of a cluster; write redis+cluster://HOST:PORT,HOST:PORT"
        case UnknownPrimary() | NoCluster():
            return str(cause)
        case _:
            return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause:
        yield cause
        cause = cause.__cause__
