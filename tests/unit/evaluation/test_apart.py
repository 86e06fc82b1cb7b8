"""Indexes that must not be mixed lie apart, and those that may be shared are shared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.composition import apart
from bot.settings import Settings, WeaviateIndex, load

COHERE = {"FOOTNOTE_HOME": "/home/me/footnote", "COHERE_API_KEY": "x"}
OPENAI = {
    "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    "OPENAI_EMBED_MODEL": "nomic",
    "OPENAI_EMBED_DIMENSION": "768",
}
WEAVIATE = {"WEAVIATE_URL": "http://127.0.0.1:8080"}
DOCS = Path("/home/me/handbook")


def place(**variables: str) -> tuple[Path, str]:
    own = apart(load({**COHERE, **variables}), "evaluation", DOCS)
    return own.home, tenant(own)


def tenant(settings: Settings) -> str:
    return settings.index.tenant if isinstance(settings.index, WeaviateIndex) else ""


@pytest.mark.parametrize(
    "variables",
    [
        {"FOOTNOTE_EMBEDDER": "local"},
        {"COHERE_EMBED_MODEL": "embed-v4.0"},
        {"COHERE_EMBED_DIMENSION": "512"},
        {"COHERE_BASE_URL": "http://127.0.0.1:1"},
        {"WEAVIATE_URL": "http://127.0.0.1:8080"},
        OPENAI,
        {**OPENAI, "OPENAI_DOCUMENT_PREFIX": "search_document: "},
    ],
)
def test_another_embedding_has_another_index(variables: dict[str, str]) -> None:
    """Vectors of other models, lengths, servers or prefixes, and another place, have a home of their own."""
    assert place(**variables)[0] != place()[0]


@pytest.mark.parametrize(
    "variables",
    [
        {"FOOTNOTE_GENERATOR": "quotes"},
        {"COHERE_CHAT_MODEL": "command-r-08-2024"},
        {"COHERE_QUERY_MODEL": "embed-v5.0-pro"},
        {"FOOTNOTE_RERANKER": "local", "FOOTNOTE_DECLINE_BELOW": "0.4"},
    ],
)
def test_the_same_embedding_shares_an_index(variables: dict[str, str]) -> None:
    """Who reranks and writes changes nothing about what is indexed."""
    assert place(**variables) == place()
    assert place(**WEAVIATE, **variables) == place(**WEAVIATE)


def test_in_weaviate_it_has_a_tenant_of_its_own() -> None:
    """No trial writes into the tenant that people are answered from, nor into that of another trial."""
    found = {
        place(**WEAVIATE)[1],
        place(**WEAVIATE, FOOTNOTE_EMBEDDER="local")[1],
        place(**WEAVIATE, WEAVIATE_TENANT="acme")[1],
        tenant(apart(load({**COHERE, **WEAVIATE}), "playground", DOCS)),
        tenant(apart(load({**COHERE, **WEAVIATE}), "evaluation", DOCS.parent)),
    }
    assert len(found) == 5
    assert all(re.fullmatch(r"(footnote|acme)-[0-9a-f]{12}", name) for name in found)


def test_a_long_tenant_keeps_within_what_weaviate_takes() -> None:
    """Two long names that begin alike do not end alike."""
    first, second = (place(**WEAVIATE, WEAVIATE_TENANT="t" * 63 + last)[1] for last in "ab")
    assert (len(first), len(second)) == (64, 64)
    assert first != second


def test_the_local_models_index_stays_where_it_was() -> None:
    """Homes that were made before any other embedder could be chosen are found again."""
    settings = load({"FOOTNOTE_HOME": "/home/me/footnote"})
    assert apart(settings, "evaluation", Path("/")).home == Path("/home/me/footnote/evaluation/8a5edab28263")
