"""The home folder, and the time."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from bot.errors import BadRequest
from bot.settings import Settings, WeaviateIndex

LONGEST_TENANT: Final = 64
"""Letters of a tenant's name, as the settings bound it."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def apart(settings: Settings, purpose: str, about: Path) -> Settings:
    """The same settings with an index of its own for one folder or file, so that no trial mixes with the real index.

    The same folder has one for each embedding that documents get; it is kept for the next time. In Weaviate that is a
    tenant of its own, beside the home folder of its own.
    """
    told = [str(about.expanduser().resolve()), *_embedding(settings), *_place(settings)]
    name = sha256("\n".join(told).encode()).hexdigest()[:12]
    own = settings.model_copy(update={"home": settings.home / purpose / name})
    if not isinstance(settings.index, WeaviateIndex):
        return own
    mark = sha256("\n".join([settings.index.tenant, purpose, *told]).encode()).hexdigest()[:12]
    tenant = f"{settings.index.tenant[: LONGEST_TENANT - len(mark) - 1]}-{mark}"
    return own.model_copy(update={"index": settings.index.model_copy(update={"tenant": tenant})})


def _embedding(settings: Settings) -> list[str]:
    """What the vectors of documents depend on. Nothing for the local model: homes made before others could be keep."""
    match settings.models.embedder:
        case "cohere" if settings.cohere:
            named = settings.cohere
            return ["cohere", str(named.base_url), named.embed_model, str(named.embed_dimension)]
        case "openai" if settings.openai:
            served = settings.openai
            prefixes = [served.document_prefix, served.query_prefix]
            return ["openai", str(served.base_url), served.embed_model, str(served.embed_dimension), *prefixes]
        case _:
            return []


def _place(settings: Settings) -> list[str]:
    """Where the index lies, if not in the home folder."""
    return ["weaviate", str(settings.index.url)] if isinstance(settings.index, WeaviateIndex) else []


def private(home: Path) -> Path:
    """The home folder, made when it is not there, for its owner alone. Raises `BadRequest` when it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise BadRequest(f"cannot use {home} as the home folder ({error.strerror}); name another with --home") from None
    return home
