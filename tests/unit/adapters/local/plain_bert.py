"""all-MiniLM-L6-v2 a second time, as its paper writes it, in numpy: what the adapter's vectors must equal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import numpy as safetensors

Rows = npt.NDArray[np.float32]

HEADS = 12
_erf = np.vectorize(math.erf, otypes=[np.float32])


class PlainBert:
    """Token ids to token vectors, one text at a time, slowly."""

    def __init__(self, folder: Path) -> None:
        untyped: Any = safetensors
        self._weights: dict[str, Rows] = untyped.load_file(folder / "model.safetensors")

    def vectors(self, ids: list[int]) -> Rows:
        """Shape (t, 384): what the last layer says of each token."""
        w = self._weights
        names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
        word, position, segment = (w[f"embeddings.{name}.weight"] for name in names)
        x = self._normed(word[ids] + position[: len(ids)] + segment[0], "embeddings.LayerNorm")
        for number in range(6):
            x = self._layer(x, f"encoder.layer.{number}")
        return x

    def _layer(self, x: Rows, name: str) -> Rows:
        query, key, value = (
            self._heads(self._linear(x, f"{name}.attention.self.{p}")) for p in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attended = (weights / weights.sum(axis=-1, keepdims=True)) @ value
        joined = attended.transpose(1, 0, 2).reshape(x.shape)
        x = self._normed(
            self._linear(joined, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm"
        )
        wide = self._linear(x, f"{name}.intermediate.dense")
        wide = wide * 0.5 * (1 + _erf(wide / math.sqrt(2)))
        return self._normed(self._linear(wide, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")

    def _heads(self, x: Rows) -> Rows:
        return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)

    def _linear(self, x: Rows, name: str) -> Rows:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, x: Rows, name: str) -> Rows:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
