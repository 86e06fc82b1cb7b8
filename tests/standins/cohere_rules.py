"""What Cohere refuses, and with which status, as its documentation and its replies tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from tests.standins.wire import Body, option, unless

EMBED: Final = {
    "embed-v5.0-pro": 2048, "embed-v5.0-fast": 2048, "embed-v4.0": 1536, "embed-english-v3.0": 1024,
    "embed-multilingual-v3.0": 1024,
}  # fmt: skip
"""With the length of a vector where none is asked for."""
SIZES: Final = {"embed-v5.0": (256, 512, 1024, 1536, 2048), "embed-v4.0": (256, 512, 1024, 1536)}
RERANK: Final = (
    "rerank-v5.0-pro", "rerank-v5.0-fast", "rerank-v4.0-pro", "rerank-v4.0-fast", "rerank-v3.5",
)  # fmt: skip
REASONING: Final = ("command-a-plus-05-2026", "command-a-reasoning-08-2025")
CHAT: Final = (*REASONING, "command-a-03-2025", "command-r7b-12-2024", "command-r-08-2024", "command-r-plus-08-2024")


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


EMBED_FIELDS: Final = _named(
    "model input_type texts images inputs max_tokens output_dimension embedding_types truncate priority"
)
RERANK_FIELDS: Final = _named("model query documents top_n max_tokens_per_doc relevant_spans priority")
CHAT_FIELDS: Final = _named(
    """model messages tools strict_tools documents citation_options response_format safety_mode max_tokens
    stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs tool_choice thinking priority
    stream"""
)
KINDS: Final = ("search_document", "search_query", "classification", "clustering", "image")
MODES: Final = ("ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF")


def _fields(body: Body, known: frozenset[str]) -> None:
    for name in body:
        unless(name in known, 422, f"unknown field: parameter '{name}' is not a valid field")


def _model(body: Body, known: Sequence[str]) -> str:
    model = body.get("model")
    unless(isinstance(model, str) and bool(model), 400, "model is required")
    unless(
        model in known,
        404,
        f"model '{model}' not found, make sure the correct model ID was used and that you have access",
    )
    return cast(str, model)


def _texts(value: Any, name: str) -> list[str]:
    unless(isinstance(value, list), 422, f"invalid type: parameter {name} must be a list of strings")
    for one in cast(list[object], value):
        unless(
            isinstance(one, str), 422, f"invalid type: parameter {name} is of type object but should be of type string"
        )
    return cast(list[str], value)


def embedding(body: Body) -> int:
    """Check a call to embed; the length of its vectors."""
    _fields(body, EMBED_FIELDS)
    model = _model(body, tuple(EMBED))
    unless(
        body.get("input_type") in KINDS, 422, "invalid input_type: must be one of search_document, search_query, ..."
    )
    texts = _texts(body.get("texts"), "texts")
    unless(bool(texts), 400, "invalid request: at least one text is required")
    unless(len(texts) <= 96, 400, f"invalid request: total number of texts must be at most 96 - received {len(texts)}")
    unless(all(text.strip() for text in texts), 400, "invalid request: texts must not be empty")
    unless(body.get("embedding_types", ["float"]) == ["float"], 422, "this stand-in gives floats alone")
    size = body.get("output_dimension")
    if size is None:
        return EMBED[model]
    sizes = next((sizes for family, sizes in SIZES.items() if model.startswith(family)), ())
    unless(size in sizes, 400, f"invalid output_dimension {size} for model {model}")
    return cast(int, size)


def reranking(body: Body) -> None:
    """Check a call to rerank."""
    _fields(body, RERANK_FIELDS)
    model = _model(body, RERANK)
    query = body.get("query")
    unless(isinstance(query, str) and bool(query.strip()), 400, "invalid request: query must not be empty")
    documents = _texts(body.get("documents"), "documents")
    unless(bool(documents), 400, "invalid request: list of documents must not be empty")
    unless(len(documents) <= 10_000, 400, "invalid request: too many documents: must be at most 10000")
    wanted = body.get("relevant_spans")
    if wanted is not None:
        unless(model.startswith("rerank-v5."), 400, f"relevant_spans is not supported by {model}")
        unless(wanted.get("mode") in ("enabled", "disabled"), 422, "invalid relevant_spans.mode")
        unless(set(wanted) <= {"mode", "threshold", "max_spans"}, 422, "unknown field in relevant_spans")


def chatting(body: Body) -> None:
    """Check a call to chat."""
    _fields(body, CHAT_FIELDS)
    model = _model(body, CHAT)
    _messages(body.get("messages"))
    _documents(body.get("documents"))
    grounded = bool(body.get("documents") or body.get("tools"))
    unless(not (grounded and "safety_mode" in body), 400, "safety_mode is not configurable with documents or tools")
    unless(not (grounded and "response_format" in body), 400, "response_format cannot be used with documents or tools")
    mode = option(body, "citation_options").get("mode", "FAST")
    unless(mode in MODES, 422, f"invalid citation_options.mode '{mode}'")
    unless(body.get("safety_mode", "STRICT") in ("CONTEXTUAL", "STRICT", "OFF"), 422, "invalid safety_mode")
    temperature = body.get("temperature", 0.3)
    unless(0 <= temperature <= 1, 400, "invalid request: temperature must be between 0 and 1.0 inclusive")
    _format(body.get("response_format"))
    if body.get("thinking") is not None:
        unless(model in REASONING, 400, f"thinking is not supported by {model}")
        unless(body["thinking"].get("type") in ("enabled", "disabled"), 422, "invalid thinking.type")


def _format(wanted: Any) -> None:
    if wanted is not None:
        unless(wanted.get("type") in ("text", "json_object"), 422, "invalid response_format.type")
        unless(set(wanted) <= {"type", "json_schema"}, 422, "unknown field in response_format")


def _messages(messages: Any) -> None:
    unless(isinstance(messages, list) and bool(cast(list[object], messages)), 400, "messages must not be empty")
    for message in cast(list[dict[str, Any]], messages):
        unless(message.get("role") in ("system", "user", "assistant", "tool"), 422, "invalid role")
        unless(bool(message.get("content")), 400, "message content must not be empty")


def _documents(documents: Any) -> None:
    for document in documents or ():
        if isinstance(document, str):
            continue
        unless(isinstance(document, dict), 422, "documents must be strings or objects")
        unless(set(document) <= {"id", "data"}, 422, "unknown field in documents")
        unless(isinstance(document.get("data"), dict) and bool(document["data"]), 422, "documents.data is required")
        unless(all(isinstance(value, str) for value in document["data"].values()), 422, "documents.data holds strings")
