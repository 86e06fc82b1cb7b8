"""The vectors are the model's own, the units are means of their tokens, and the weights are checked once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from bot.adapters.local import make_graph, minilm
from bot.adapters.local.embedder import LocalEmbedder
from bot.adapters.local.minilm import MiniLM, check_once, packaged_model
from bot.errors import Misconfigured
from tests.nouns import a_chunk
from tests.unit.adapters.local.plain_bert import PlainBert

TEXTS = [
    "This is an example sentence",
    "",
    "How do I reset ERR-1234 in camelCase?",
    "Naïve café 字 🤷🏽‍♀️ › end",
    "noon " * 400,
]


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM(packaged_model())


@pytest.fixture(scope="module")
def plain() -> PlainBert:
    return PlainBert(packaged_model())


@pytest.fixture(scope="module")
def embedder() -> Iterator[LocalEmbedder]:
    local = LocalEmbedder(stamp=None, threads=2)
    yield local
    local.close()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_vectors_are_the_mean_of_what_the_paper_computes(
    embedder: LocalEmbedder, model: MiniLM, plain: PlainBert, text: str
) -> None:
    """Against the same model written out in numpy, no number differs by more than 1e-5."""
    (tokens,) = model.tokens([(text, None)])
    expected = plain.vectors(tokens.ids.tolist()).mean(axis=0)
    (row,) = await embedder.embed_queries([text])
    assert np.allclose(row, expected / np.linalg.norm(expected), atol=1e-5)


async def test_vectors_are_those_that_the_authors_publish(embedder: LocalEmbedder) -> None:
    """The model's page prints the beginning of this sentence's vector."""
    (row,) = await embedder.embed_queries(["This is an example sentence"])
    published = [6.76569e-02, 6.34959e-02, 4.87131e-02, 7.93049e-02, 3.74480e-02]
    assert row[:5] == pytest.approx(published, abs=1e-6)


def test_tokens_are_those_of_the_authors(model: MiniLM) -> None:
    """Lower-cased word pieces between `[CLS]` and `[SEP]`, at most 256 of them."""
    short, long = model.tokens([("Hello, Embeddings", None), ("noon " * 400, None)])
    assert short.ids.tolist() == [101, 7592, 1010, 7861, 8270, 4667, 2015, 102]
    assert len(long.ids) == 256
    assert long.ids[-1] == 102


async def test_a_unit_is_the_mean_of_its_tokens(embedder: LocalEmbedder, model: MiniLM, plain: PlainBert) -> None:
    """Spans count code points, before and after characters that take several bytes or none."""
    text = "🤷🏽‍♀️ Naïve: lunch is at noon. Soup costs two euros."
    start = text.index("Soup")
    chunk = replace(a_chunk(text, units=((0, start), (start, len(text)))), title="Canteen", heading_path=())
    (embedding,) = await embedder.embed_chunks([chunk])
    (tokens,) = model.tokens([(f"Canteen\n{text}", None)])
    vectors = plain.vectors(tokens.ids.tolist())
    soup = vectors[-6:-1].mean(axis=0)  # soup, costs, two, euros and the full stop, before [SEP]
    assert embedding.units is not None
    assert np.allclose(embedding.units[1], soup / np.linalg.norm(soup), atol=1e-5)


async def test_a_unit_past_the_window_is_zero(embedder: LocalEmbedder) -> None:
    """Zero is similar to nothing: such a unit is never chosen for its likeness."""
    text = "lunch " * 400
    (embedding,) = await embedder.embed_chunks([a_chunk(text, units=((0, 5), (2000, 2400)))])
    assert embedding.units is not None
    assert np.linalg.norm(embedding.units, axis=1) == pytest.approx([1, 0], abs=1e-5)


async def test_company_does_not_change_a_vector(embedder: LocalEmbedder) -> None:
    """Beside texts of any length a text keeps the very same numbers: an index is the same in any order."""
    texts = [f"{'lunch ' * (n % 40)}{n}" for n in range(80)]
    together = await embedder.embed_queries(texts)
    for position in range(0, 80, 9):
        assert np.array_equal(together[position], (await embedder.embed_queries([texts[position]]))[0])


def test_the_graph_is_what_its_script_makes() -> None:
    """The committed file is the one that `make_graph` writes from the package's weights."""
    made = make_graph.model(packaged_model() / minilm.WEIGHTS)
    assert onnx.ModelProto.FromString(minilm.GRAPH.read_bytes()) == made


def test_the_name_tells_the_weights(embedder: LocalEmbedder) -> None:
    """Other weights would be another model, and another index."""
    assert embedder.model == f"all-MiniLM-L6-v2@{minilm.OFFICIAL[minilm.WEIGHTS][:12]}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder with small files, and hashes to match."""
    official: dict[str, str] = {}
    for name in minilm.OFFICIAL:
        (tmp_path / name).write_text(f"the {name}")
        official[name] = hashlib.sha256(f"the {name}".encode()).hexdigest()
    monkeypatch.setattr(minilm, "OFFICIAL", official)
    return tmp_path


def test_altered_weights_are_refused(folder: Path) -> None:
    """A byte more or less, and the message names the file and the remedy."""
    (folder / minilm.WEIGHTS).write_text("other weights")
    with pytest.raises(Misconfigured, match=r"model\.safetensors is not the official file .* reinstall"):
        check_once(folder, stamp=folder / "stamp")
    assert not (folder / "stamp").exists()


def test_missing_weights_are_refused(folder: Path) -> None:
    """No file: one sentence, not a traceback of the operating system."""
    (folder / minilm.WEIGHTS).unlink()
    with pytest.raises(Misconfigured, match="cannot be read"):
        check_once(folder, stamp=None)


def test_weights_are_read_once_per_installation(folder: Path) -> None:
    """With the stamp of the same size and time nothing is hashed again; a file of another time is."""
    stamp = folder / "stamp"
    check_once(folder, stamp=stamp)
    weights = folder / minilm.WEIGHTS
    status = weights.stat()
    weights.write_text("THE model.safetensors")
    with pytest.raises(Misconfigured):
        check_once(folder, stamp=stamp)
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    check_once(folder, stamp=stamp)


def test_a_spoilt_stamp_means_another_look(folder: Path) -> None:
    """Half a stamp is no stamp, and a folder that cannot be written is no failure."""
    stamp = folder / "stamp"
    stamp.write_text("{")
    check_once(folder, stamp=stamp)
    assert str(folder / minilm.WEIGHTS) in stamp.read_text()
    check_once(folder, stamp=folder / "no such folder" / "stamp")


async def test_a_missing_model_is_said(tmp_path: Path) -> None:
    """The first use of an embedder without weights raises what `doctor` and the commands can print."""
    local = LocalEmbedder(stamp=None, folder=tmp_path)
    with pytest.raises(Misconfigured, match="reinstall"):
        await local.embed_queries(["lunch"])
    local.close()


def test_the_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime leaves none of the files in which it would keep what it tells its makers."""
    program = (
        "import asyncio; from bot.adapters.local.embedder import LocalEmbedder as E; asyncio.run(E(stamp=None).load())"
    )
    nowhere = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    unset = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", program], env={**unset, **nowhere}, check=True)
    assert list(tmp_path.rglob("*")) == []
