"""From the environment to the tree: presence selects a backend, an explicit `FOOTNOTE_*` wins."""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.errors import Misconfigured
from bot.settings.tree import Settings
from bot.settings.variables import VARIABLES

Tree = dict[str, Any]

_BY_PLACE = {variable.place: variable for variable in VARIABLES}
_TAGS = ("embedded", "server", "local", "weaviate")
"""What pydantic adds to a place when it has chosen a member of a union."""
_OPENAI_MODELS = {
    "embedder": ("embed_model",),
    "reranker": ("rerank_model", "rerank_url"),
    "generator": ("chat_model",),
    "rewriter": ("rewrite_model", "chat_model"),
}
"""What has to be named of an OpenAI-compatible server so that it can do each work."""
_VERBATIM = frozenset({"OPENAI_QUERY_PREFIX", "OPENAI_DOCUMENT_PREFIX"})
"""What ends in a space may have to."""
_ALONE = {"embedder": "local", "reranker": "local", "generator": "quotes", "rewriter": "history"}


def load(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` asks for. Raises `Misconfigured` with the variable's name and the remedy."""
    try:
        return Settings(**choose(environment))
    except ValidationError as error:
        raise Misconfigured(_sentence(error)) from None


def choose(environment: Mapping[str, str]) -> Tree:
    """The tree as plain values. Empty counts as absent. Raises `Misconfigured` for what cannot go together."""
    given = {name: _tidy(name, value) for name, value in environment.items() if value.strip()}
    _refuse_unknown(given)
    tree: Tree = {}
    for variable in VARIABLES:
        if variable.name in given:
            _put(tree, variable.place, given[variable.name])
    if "PORT" in given and "FOOTNOTE_HTTP_PORT" not in given:
        _put(tree, ("http", "port"), given["PORT"])
    _refuse_one_server_for_both(tree)
    return _with_models(_with_index(_with_memory(tree)))


# --- where things are kept ------------------------------------------------------------------------------------------


def _refuse_one_server_for_both(tree: Tree) -> None:
    """A cache would fill the server that must not throw questions away."""
    if "cache_url" in tree and tree["cache_url"] == tree.get("memory", {}).get("url"):
        raise Misconfigured("REDIS_CACHE_URL is the same as REDIS_URL; leave it out, or name another server")


def _with_memory(tree: Tree) -> Tree:
    memory = tree.get("memory", {})
    backend = memory.setdefault("backend", "server" if "url" in memory else "embedded")
    if backend == "server" and "url" not in memory:
        raise Misconfigured("FOOTNOTE_MEMORY is server, but REDIS_URL is not set; set it, or leave FOOTNOTE_MEMORY out")
    unused = {"embedded": "url", "server": "binary"}.get(backend, "")
    return {**tree, "memory": {key: value for key, value in memory.items() if key != unused}}


def _with_index(tree: Tree) -> Tree:
    index = tree.get("index", {})
    backend = index.setdefault("backend", "weaviate" if "url" in index else "local")
    if backend == "weaviate" and "url" not in index:
        raise Misconfigured("FOOTNOTE_INDEX is weaviate, but WEAVIATE_URL is not set; set it, or leave it out")
    return {**tree, "index": {"backend": "local"} if backend == "local" else index}


# --- models ---------------------------------------------------------------------------------------------------------


def _with_models(tree: Tree) -> Tree:
    """Who does each work: as told, else the OpenAI-compatible server where a model of it is named, else Cohere."""
    told, openai, cohere = tree.get("models", {}), tree.get("openai", {}), tree.get("cohere", {})
    _refuse_halves(openai, cohere)
    chosen = {work: told.get(work) or _by_presence(work, openai, cohere) for work in _ALONE}
    for work, backend in chosen.items():
        _refuse_missing(work, backend, openai, cohere)
    return {**tree, "models": chosen}


def _by_presence(work: str, openai: Tree, cohere: Tree) -> str:
    if any(name in openai for name in _OPENAI_MODELS[work]):
        return "openai"
    return "cohere" if _reachable(cohere) else _ALONE[work]


def _reachable(cohere: Tree) -> bool:
    """A key reaches Cohere; a private deployment may need none."""
    return "api_key" in cohere or "base_url" in cohere


def _refuse_halves(openai: Tree, cohere: Tree) -> None:
    """Settings of a server that cannot be reached would be ignored in silence."""
    models = {model for names in _OPENAI_MODELS.values() for model in names}
    if openai.keys() & models and "base_url" not in openai:
        named = _BY_PLACE["openai", min(openai.keys() & models)].name
        raise Misconfigured(
            f"{named} is set, but OPENAI_BASE_URL is not; set it to the server's address, ending in /v1"
        )
    if "base_url" in openai and not openai.keys() & models:
        raise Misconfigured("OPENAI_BASE_URL is set, but none of its models; set OPENAI_CHAT_MODEL to write answers")
    if cohere and not _reachable(cohere):
        named = _BY_PLACE["cohere", min(cohere)].name
        raise Misconfigured(f"{named} is set, but COHERE_API_KEY is not; set it, or leave {named} out")


def _refuse_missing(work: str, backend: str, openai: Tree, cohere: Tree) -> None:
    told = f"FOOTNOTE_{work.upper()} is {backend}"
    if backend == "cohere" and not _reachable(cohere):
        raise Misconfigured(f"{told}, but COHERE_API_KEY is not set; set it, or choose another")
    if backend == "openai" and not any(name in openai for name in _OPENAI_MODELS[work]):
        missing = _BY_PLACE["openai", _OPENAI_MODELS[work][0]].name
        raise Misconfigured(f"{told}, but {missing} is not set; set it, or choose another")
    if (work, backend) == ("embedder", "openai") and "embed_dimension" not in openai:
        raise Misconfigured("OPENAI_EMBED_MODEL is set, but OPENAI_EMBED_DIMENSION is not; set the vectors' length")


def _tidy(name: str, value: str) -> str:
    return value if name in _VERBATIM else value.strip()


# --- what is wrong --------------------------------------------------------------------------------------------------


def _put(tree: Tree, place: tuple[str, ...], value: str) -> None:
    for part in place[:-1]:
        tree = tree.setdefault(part, {})
    tree[place[-1]] = value


def _refuse_unknown(given: Mapping[str, str]) -> None:
    names = [variable.name for variable in VARIABLES]
    for name in sorted(given):
        if name.startswith("FOOTNOTE_") and name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise Misconfigured(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = tuple(part for part in first["loc"] if isinstance(part, str) and part not in _TAGS)
    variable = _BY_PLACE.get(place) or _BY_PLACE.get((*place, "backend"))
    name = variable.name if variable else ".".join(place)
    return f"{name} cannot be used: {first['msg'].removeprefix('Value error, ')}"
