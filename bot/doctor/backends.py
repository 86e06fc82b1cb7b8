"""Checks of the vendors: that each server answers, takes our key, is new enough, and has the models of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from bot.composition import cache_facts, cohere_lacks, openai_lacks, weaviate_facts
from bot.doctor.findings import Finding, Look, error, named, ok, warning
from bot.errors import IndexUnavailable, MemoryUnavailable, Misconfigured, Unavailable, Unusable
from bot.settings import Cohere, OpenAI, Settings, WeaviateIndex
from bot.words.counting import counted

WEAVIATE, COHERE, OPENAI, CACHE = "Weaviate", "Cohere", "OpenAI-compatible server", "Cache"
OLDEST = (1, 36)
"""Version of Weaviate that the index needs."""
PATIENCE = 10.0
"""Seconds for a look over the internet."""
_REFUSED = ("401", "403", "498")
_UNPAID = "402"


def looks(settings: Settings) -> dict[str, Look]:
    """A look at each vendor that is used, by its name."""
    used = {*settings.models.model_dump().values()}
    found: dict[str, Look] = {}
    if isinstance(settings.index, WeaviateIndex):
        found[WEAVIATE] = partial(_weaviate, settings.index)
    if settings.cohere is not None and "cohere" in used:
        found[COHERE] = partial(_cohere, settings, settings.cohere)
    if settings.openai is not None and "openai" in used:
        found[OPENAI] = partial(_openai, settings, settings.openai)
    if settings.cache_url is not None:
        found[CACHE] = partial(_cache, settings.cache_url)
    return found


# --- Weaviate -------------------------------------------------------------------------------------------------------


async def _weaviate(chosen: WeaviateIndex) -> list[Finding]:
    place = urlsplit(str(chosen.url)).netloc.rpartition("@")[2]
    try:
        told = await weaviate_facts(chosen)
    except Unusable:
        return error(WEAVIATE, f"{place} refuses the key", "correct WEAVIATE_API_KEY")
    except IndexUnavailable:
        said = f"{place} does not answer over HTTP and gRPC"
        return error(WEAVIATE, said, "start the server, open its gRPC port, or correct WEAVIATE_URL, WEAVIATE_GRPC_URL")
    except Misconfigured as why:
        return _missing(WEAVIATE, why)
    return judged(told, place=place, replicas=chosen.replicas)


def judged(told: Mapping[str, str], *, place: str, replicas: int) -> list[Finding]:
    """What follows from what a Weaviate server says of itself."""
    version, nodes, healthy = told["version"], int(told["nodes"]), int(told["healthy"])
    name = f"{version} at {place}, {counted(nodes, 'node')}"
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return error(WEAVIATE, f"{name}: too old", "use Weaviate 1.36 or newer")
    found = list[Finding]()
    if healthy < nodes:
        found += warning(WEAVIATE, f"{name}, {healthy} of them healthy", "look at the logs of the others")
    if replicas > nodes:
        said = f"WEAVIATE_REPLICAS is {replicas}, and the cluster has {counted(nodes, 'node')}"
        found += error(WEAVIATE, said, "add nodes, or lower it")
    if told.get("status") == "READONLY":
        said = f"{named(told['index'])} takes no writes, most likely because its disk is full"
        found += error(WEAVIATE, said, "free space on the server's disk, then set its shards to READY")
    return found or ok(WEAVIATE, f"{name} answers")


# --- caches -----------------------------------------------------------------------------------------------------------


async def _cache(url: str) -> list[Finding]:
    """The bot goes on without it, so nothing here is worse than a warning."""
    try:
        told = await cache_facts(url)
    except MemoryUnavailable:
        said = "the server does not answer; each process caches for itself"
        return warning(CACHE, said, "start it, or correct REDIS_CACHE_URL")
    except Misconfigured as why:
        return warning(CACHE, str(why).removeprefix("REDIS_CACHE_URL: "), "correct REDIS_CACHE_URL")
    if told.get("maxmemory", "0") == "0" or told.get("maxmemory_policy") == "noeviction":
        said = f"{told['place']} throws nothing away, and grows until it is full"
        return warning(
            CACHE, said, "on the server: CONFIG SET maxmemory 256mb, CONFIG SET maxmemory-policy allkeys-lru"
        )
    return ok(CACHE, f"{told['place']} answers")


# --- models ---------------------------------------------------------------------------------------------------------


async def _cohere(settings: Settings, account: Cohere) -> list[Finding]:
    place = urlsplit(str(account.base_url)).hostname or ""
    try:
        missing = await cohere_lacks(settings, account)
    except Unusable as why:
        return _unusable(COHERE, place, why, key="COHERE_API_KEY")
    except Unavailable:
        return error(COHERE, f"{place} does not answer", "look at the network and at COHERE_BASE_URL")
    except Misconfigured as why:
        return _missing(COHERE, why)
    return _of_models(COHERE, place, missing, "correct COHERE_EMBED_MODEL, COHERE_RERANK_MODEL or COHERE_CHAT_MODEL")


async def _openai(settings: Settings, server: OpenAI) -> list[Finding]:
    place = urlsplit(str(server.base_url)).netloc.rpartition("@")[2]
    try:
        missing = await openai_lacks(settings, server)
    except Unusable as why:
        return _unusable(OPENAI, place, why, key="OPENAI_API_KEY")
    except Unavailable:
        return error(OPENAI, f"{place} does not answer", "start the server, or correct OPENAI_BASE_URL")
    except Misconfigured as why:
        return _missing(OPENAI, why)
    return _of_models(OPENAI, place, missing, "load them there, or correct OPENAI_CHAT_MODEL and its siblings")


def _of_models(name: str, place: str, missing: list[str], remedy: str) -> list[Finding]:
    if missing:
        return error(name, f"{place} does not have {', '.join(map(named, missing))}", remedy)
    return ok(name, f"{place} answers and has the models")


def _unusable(name: str, place: str, why: Unusable, *, key: str) -> list[Finding]:
    if why.code in _REFUSED:
        return error(name, f"{place} refuses the key", f"correct {key}")
    if why.code == _UNPAID:
        return error(name, f"{place} wants to be paid first", "look at the account's billing")
    if why.code == "dimension":
        return error(name, "the vectors have another length than the settings say", "correct COHERE_EMBED_DIMENSION")
    return error(name, f"{place} refuses what we ask ({named(why.code)})", f"look at {key} and the names of the models")


def _missing(name: str, why: Misconfigured) -> list[Finding]:
    said, _, remedy = str(why).partition(": ")
    return error(name, said, remedy)
