"""What servers that speak OpenAI's API refuse, and with which status."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast

from tests.standins.wire import Body, unless

CHAT: Final = "llama3.2:3b"
EMBED: Final = "nomic-embed-text:latest"
RERANK: Final = "bge-reranker-v2-m3"
MODELS: Final = (CHAT, EMBED, RERANK)
SIZE: Final = 384
"""Numbers in a vector."""
BATCH: Final = 32
"""Texts that Text Embeddings Inference takes at once."""
ROLES: Final = ("system", "user", "assistant", "tool", "developer")


def _model(body: Body, known: Collection[str]) -> None:
    unless(isinstance(body.get("model"), str), 400, "you must provide a model parameter")
    named = str(body["model"])
    unless(named in known or f"{named}:latest" in known, 404, f'model "{named}" not found, try pulling it first')


def _texts(told: object, status: int, name: str) -> list[str]:
    texts = cast("list[object]", told if isinstance(told, list) else [told])
    unless(bool(texts), status, f"`{name}` must not be empty")
    for text in texts:
        unless(isinstance(text, str) and bool(text), status, f"`{name}` must hold strings that are not empty")
    return cast("list[str]", texts)


def chatting(body: Body, *, without: Collection[str] = (), strictness: int = 400) -> None:
    """A body for /v1/chat/completions. Options in `without` are not known."""
    _model(body, (CHAT,))
    messages = cast("Sequence[Mapping[str, Any]]", body.get("messages") or ())
    unless(bool(messages), 400, "[] is too short - 'messages'")
    for message in messages:
        unless(message.get("role") in ROLES, 400, f"Invalid value: '{message.get('role')}'")
        unless(isinstance(message.get("content"), str), 400, "Invalid type for 'messages[0].content'")
    for name in without:
        kind = name.partition("=")[2]
        option: Any = body.get(name.partition("=")[0])
        refused = option is not None and (not kind or option.get("type") == kind)
        unless(not refused, strictness, f"property '{name}' is unsupported")
    unless("stream_options" not in body or bool(body.get("stream")), 400, "'stream_options' needs 'stream'")


def embedding(body: Body, *, window: int) -> int:
    """A body for /v1/embeddings; the length of its vectors."""
    _model(body, (EMBED,))
    texts = _texts(body.get("input"), 400, "input")
    unless(body.get("encoding_format", "float") == "float", 400, "encoding_format must be float")
    unless(len(texts) <= BATCH, 413, f"batch size {len(texts)} > maximum allowed batch size {BATCH}")
    unless(max(map(len, texts)) <= window, 400, "the input length exceeds the context length")
    return SIZE


def reranking(body: Body, shape: str) -> list[str]:
    """A body for /rerank; its passages."""
    unless(isinstance(body.get("query"), str) and bool(body["query"]), 422, "Field required: query")
    if shape == "tei":
        unless("texts" in body, 422, "Failed to deserialize the JSON body: missing field `texts`")
        texts = _texts(body["texts"], 422, "texts")
        unless(len(texts) <= BATCH, 422, f"batch size {len(texts)} > maximum allowed batch size {BATCH}")
        return texts
    _model(body, (RERANK,))
    unless("documents" in body, 400, "Field required: documents")
    return _texts(body["documents"], 400, "documents")
