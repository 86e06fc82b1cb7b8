"""A vendor that cannot be used is found: on the real Weaviate, and on stand-ins that refuse as the real ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.redis.link import Link
from bot.doctor import backends
from bot.doctor.examination import Check
from bot.doctor.findings import Finding, look_at
from bot.settings import load
from tests.standins.cohere import CohereStandIn
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import CHAT
from tests.unit.doctor.installation import ignored
from tests.weaviate_server import WeaviateAddress

SOUND = {"version": "1.39.0", "nodes": "3", "healthy": "3", "index": "Footnote_x", "before": "", "status": "READY"}


async def _found(home: Path, **environment: str) -> list[Finding]:
    settings = load({"FOOTNOTE_HOME": str(home), **environment})
    checks = [Check(name, look) for name, look in backends.looks(settings).items()]
    return list((await look_at(checks, on_done=ignored)).findings)


async def _only(home: Path, **environment: str) -> tuple[str, str, str]:
    (finding,) = await _found(home, **environment)
    return finding.level, finding.said, finding.remedy


# --- Weaviate -------------------------------------------------------------------------------------------------------


async def test_a_weaviate_that_answers_is_sound(tmp_path: Path, weaviate_address: WeaviateAddress) -> None:
    """With its version, and how many nodes it has."""
    grpc = f"http://127.0.0.1:{weaviate_address.grpc_port}"
    level, said, _ = await _only(tmp_path, WEAVIATE_URL=weaviate_address.url, WEAVIATE_GRPC_URL=grpc)
    assert level == "ok"
    assert said.startswith("1.39.0 at 127.0.0.1:")
    assert said.endswith("1 node answers")


async def test_a_weaviate_without_its_grpc_port_is_found(tmp_path: Path, weaviate_address: WeaviateAddress) -> None:
    """Reaching half of it is not reaching it."""
    grpc = "http://127.0.0.1:1"
    level, said, remedy = await _only(tmp_path, WEAVIATE_URL=weaviate_address.url, WEAVIATE_GRPC_URL=grpc)
    assert (level, "WEAVIATE_GRPC_URL" in remedy) == ("error", True)
    assert "does not answer" in said


@pytest.mark.parametrize(
    ("told", "level", "said"),
    [
        ({}, "ok", "3 nodes answers"),
        ({"version": "1.30.5"}, "error", "too old"),
        ({"healthy": "2"}, "warning", "2 of them healthy"),
        ({"nodes": "1", "healthy": "1"}, "error", "WEAVIATE_REPLICAS is 3"),
        ({"status": "READONLY"}, "error", "takes no writes"),
    ],
)
def test_what_a_server_says_is_judged(told: dict[str, str], level: str, said: str) -> None:
    """One finding for each thing that is wrong."""
    (finding,) = backends.judged({**SOUND, **told}, place="host:8080", replicas=3)
    assert finding.level == level
    assert said in finding.said


# --- caches -----------------------------------------------------------------------------------------------------------


async def test_a_cache_that_forgets_is_sound(tmp_path: Path, own: Link) -> None:
    """One that keeps everything fills up; one that is away is done without."""
    url = f"unix://{own.place}"
    assert (await _only(tmp_path, REDIS_CACHE_URL=url))[:2] == (
        "warning",
        f"{own.place} throws nothing away, and grows until it is full",
    )
    await own.call("CONFIG", "SET", "maxmemory", "100mb")
    await own.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert (await _only(tmp_path, REDIS_CACHE_URL=url))[:2] == ("ok", f"{own.place} answers")


async def test_a_cache_that_is_away_is_done_without(tmp_path: Path) -> None:
    """A warning, with what happens instead."""
    level, said, _ = await _only(tmp_path, REDIS_CACHE_URL="redis://127.0.0.1:1")
    assert (level, "each process caches for itself" in said) == ("warning", True)


# --- models ---------------------------------------------------------------------------------------------------------


async def test_an_account_that_works_is_sound(tmp_path: Path) -> None:
    """The models of the settings are there, and a word can be embedded."""
    async with CohereStandIn(key="k").running() as cohere:
        level, said, _ = await _only(tmp_path, COHERE_API_KEY="k", COHERE_BASE_URL=cohere.url)
    assert (level, said) == ("ok", "127.0.0.1 answers and has the models")


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        ({"COHERE_API_KEY": "wrong"}, "refuses the key", "COHERE_API_KEY"),
        ({"COHERE_CHAT_MODEL": "command-z"}, "does not have command-z", "COHERE_CHAT_MODEL"),
        ({"COHERE_BASE_URL": "http://127.0.0.1:1"}, "does not answer", "COHERE_BASE_URL"),
    ],
)
async def test_an_account_that_does_not_work_is_found(
    tmp_path: Path, changes: dict[str, str], said: str, remedy: str
) -> None:
    """By what is wrong, and with what to do; the key is not shown."""
    async with CohereStandIn(key="k").running() as cohere:
        given = {"COHERE_API_KEY": "k", "COHERE_BASE_URL": cohere.url, **changes}
        found = await _only(tmp_path, **given)
    assert found[0] == "error"
    assert said in found[1]
    assert remedy in found[2]
    assert "wrong" not in found[1]


async def test_a_bill_that_is_not_paid_is_found(tmp_path: Path) -> None:
    """A list of models is free; embedding is not."""
    async with CohereStandIn(key="k").running() as cohere:
        cohere.refuse(402, on="embed")
        level, said, remedy = await _only(tmp_path, COHERE_API_KEY="k", COHERE_BASE_URL=cohere.url)
    assert (level, "paid" in said, "billing" in remedy) == ("error", True, True)


async def test_a_server_without_the_model_is_found(tmp_path: Path) -> None:
    """Ollama lists what was pulled; what was not has to be."""
    async with OpenAIStandIn().running() as server:
        missing = await _only(tmp_path, OPENAI_BASE_URL=server.url, OPENAI_CHAT_MODEL="nowhere")
        sound = await _only(tmp_path, OPENAI_BASE_URL=server.url, OPENAI_CHAT_MODEL=CHAT)
    assert missing[0] == "error"
    assert missing[1].endswith("does not have nowhere")
    assert sound[0] == "ok"


async def test_only_what_is_used_is_looked_at(tmp_path: Path) -> None:
    """A key that no work uses is nobody's business; without backends there is nothing to look at."""
    local = {f"FOOTNOTE_{work}": "local" for work in ("EMBEDDER", "RERANKER")}
    local |= {"FOOTNOTE_GENERATOR": "quotes", "FOOTNOTE_REWRITER": "history"}
    assert await _found(tmp_path, COHERE_API_KEY="k", **local) == []
    assert await _found(tmp_path) == []
