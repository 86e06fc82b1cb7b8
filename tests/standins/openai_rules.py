"""What servers that speak OpenAI's API refuse, and with which status."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast

CHAT: Final = "llama3.2:3b"
EMBED: Final = "nomic-embed-text:latest"
RERANK: Final = "bge-reranker-v2-m3"
MODELS: Final = (CHAT, EMBED, RERANK)
SIZE: Final = 384
"""Numbers in a vector."""
BATCH: Final = 32
"""Texts that Text Embeddings Inference takes at once."""
ROLES: Final = ("system", "user", "assistant", "tool", "developer")

Body = Mapping[str, Any]


class Refused(Exception):
    """A status and the sentence beside it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def option(body: Body, name: str) -> Mapping[str, Any]:
    """A part of a body that may be missing."""
    value: Mapping[str, Any] | None = body.get(name)
    return value or {}


def _unless(held: bool, status: int, message: str) -> None:  # noqa: FBT001  (reads as a sentence)
    if not held:
        raise Refused(status, message)


def _model(body: Body, known: Collection[str]) -> None:
    _unless(isinstance(body.get("model"), str), 400, "you must provide a model parameter")
    named = str(body["model"])
    _unless(named in known or f"{named}:latest" in known, 404, f'model "{named}" not found, try pulling it first')


def _texts(told: object, status: int, name: str) -> list[str]:
    texts = cast("list[object]", told if isinstance(told, list) else [told])
    _unless(bool(texts), status, f"`{name}` must not be empty")
    for text in texts:
        _unless(isinstance(text, str) and bool(text), status, f"`{name}` must hold strings that are not empty")
    return cast("list[str]", texts)


def chatting(body: Body, *, without: Collection[str] = (), strictness: int = 400) -> None:
    """A body for /v1/chat/completions. Options in `without` are not known."""
    _model(body, (CHAT,))
    messages = cast("Sequence[Mapping[str, Any]]", body.get("messages") or ())
    _unless(bool(messages), 400, "[] is too short - 'messages'")
    for message in messages:
        _unless(message.get("role") in ROLES, 400, f"Invalid value: '{message.get('role')}'")
        _unless(isinstance(message.get("content"), str), 400, "Invalid type for 'messages[0].content'")
    for name in without:
        kind = name.partition("=")[2]
        option: Any = body.get(name.partition("=")[0])
        refused = option is not None and (not kind or option.get("type") == kind)
        _unless(not refused, strictness, f"property '{name}' is unsupported")
    _unless("stream_options" not in body or bool(body.get("stream")), 400, "'stream_options' needs 'stream'")


def embedding(body: Body, *, window: int) -> int:
    """A body for /v1/embeddings; the length of its vectors."""
    _model(body, (EMBED,))
    texts = _texts(body.get("input"), 400, "input")
    _unless(body.get("encoding_format", "float") == "float", 400, "encoding_format must be float")
    _unless(len(texts) <= BATCH, 413, f"batch size {len(texts)} > maximum allowed batch size {BATCH}")
    _unless(max(map(len, texts)) <= window, 400, "the input length exceeds the context length")
    return SIZE


def reranking(body: Body, shape: str) -> list[str]:
    """A body for /rerank; its passages."""
    _unless(isinstance(body.get("query"), str) and bool(body["query"]), 422, "Field required: query")
    if shape == "tei":
        _unless("texts" in body, 422, "Failed to deserialize the JSON body: missing field `texts`")
        texts = _texts(body["texts"], 422, "texts")
        _unless(len(texts) <= BATCH, 422, f"batch size {len(texts)} > maximum allowed batch size {BATCH}")
        return texts
    _model(body, (RERANK,))
    _unless("documents" in body, 400, "Field required: documents")
    return _texts(body["documents"], 400, "documents")
