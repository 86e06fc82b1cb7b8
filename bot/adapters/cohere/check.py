"""Whether Cohere can be used as it is set up: the key, the names of the models, the bill, the length of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.adapters.cohere.client import CohereClient
from bot.adapters.cohere.embedder import CohereEmbedder
from bot.adapters.cohere.refusals import reading
from bot.errors import Unusable

SECONDS: Final = 10.0
PAGE: Final = 1_000
WORD: Final = "lunch"
NO_LIST: Final = "404"


async def check(client: CohereClient, *, models: Sequence[str], embedder: CohereEmbedder | None = None) -> list[str]:
    """Those of `models` that this account cannot use; none where a private deployment keeps no list of them.

    With an `embedder` one word is embedded, because a list of models is free of charge: only then an unpaid bill shows,
    and a wrong dimension. Raises `Unusable` (its `code` is Cohere's status, or `dimension`) or `Unavailable`.
    """
    unknown = (
        [model for model in dict.fromkeys(models) if model not in known] if (known := await _known(client)) else []
    )
    if embedder is not None and not unknown:
        await embedder.embed_queries([WORD])
    return unknown


async def _known(client: CohereClient) -> frozenset[str]:
    """The names of all models; none where there is no list."""
    try:
        async with client.calling("list of models", most=SECONDS):
            reply = await client.sdk.models.list(page_size=PAGE)
    except Unusable as error:
        if error.code == NO_LIST:
            return frozenset()
        raise
    with reading("list of models"):
        return frozenset(model.name for model in reply.models if model.name)
