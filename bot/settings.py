"""Every setting, checked at start: environment variables (and `.env`) in, one frozen tree out."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    UrlConstraints,
    ValidationError,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import Misconfigured

RedisUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["redis", "rediss", "unix"])]
HttpUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http", "https"])]


def _ids(value: object) -> object:
    """Ids as people write them: with commas or spaces between."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _shaped(letters: str, sort: str) -> AfterValidator:
    """An id as Slack writes them, or nothing."""

    def check(value: str) -> str:
        if value and not re.fullmatch(rf"[{letters}][A-Z0-9]{{2,}}", value):
            raise ValueError(f"{value!r} is no id of {sort}; write one such as {letters[0]}0123ABCD")
        return value

    return AfterValidator(check)


PersonId = Annotated[str, _shaped("UW", "a person")]
Ids = Annotated[tuple[PersonId, ...], BeforeValidator(_ids)]
HumansId = Annotated[str, _shaped("SUW", "a user group or person")]
ChannelId = Annotated[str, _shaped("CG", "a channel")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmbeddedMemory(_Frozen):
    """A Valkey server that the bot starts itself, with its data under the home folder."""

    backend: Literal["embedded"] = "embedded"
    binary: Path | None = None


class ServerMemory(_Frozen):
    """A Redis or Valkey server that somebody runs."""

    backend: Literal["server"]
    url: RedisUrl = Field(repr=False)


class Slack(_Frozen):
    """The Slack app: which of the secrets are needed depends on the transport (`serve` or `serve --http`)."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: HttpUrl = AnyUrl("https://slack.com/api/")
    admins: Ids = ()
    humans: HumansId = ""
    help_channel: ChannelId = ""


class Http(_Frozen):
    """Where `serve --http` listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)


class Work(_Frozen):
    """How much is done at once, and how large a document may be."""

    answers: int = Field(default=8, ge=1, le=256)
    threads: int | None = Field(default=None, ge=1, le=256)
    max_file_mb: float = Field(default=10.0, gt=0, le=1024)
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """The whole tree, made by `load`. Adapters never see it: composition hands them plain values."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("footnote", appauthor=False))
    memory: Annotated[EmbeddedMemory | ServerMemory, Field(discriminator="backend")] = EmbeddedMemory()
    slack: Slack = Slack()
    http: Http = Http()
    work: Work = Work()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (pydantic-settings passes it and three sources besides)
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `choose` says: it has read the environment already, with names people know."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: where its value goes in the tree, its default in words, and what it is for."""

    name: str
    place: tuple[str, ...]
    default: str
    purpose: str


VARIABLES = (
    Variable("FOOTNOTE_HOME", ("home",), "the platform's data folder", "where the index and the embedded server live"),
    Variable("SLACK_BOT_TOKEN", ("slack", "bot_token"), "", "the bot token, xoxb-…: needed to serve"),
    Variable("SLACK_APP_TOKEN", ("slack", "app_token"), "", "the app-level token, xapp-…: needed for Socket Mode"),
    Variable("SLACK_SIGNING_SECRET", ("slack", "signing_secret"), "", "the signing secret: needed for `serve --http`"),
    Variable("SLACK_API_URL", ("slack", "api_url"), "https://slack.com/api/", "another Slack, such as a stand-in"),
    Variable("FOOTNOTE_ADMINS", ("slack", "admins"), "workspace admins only", "who else may administer: ids of people"),
    Variable("FOOTNOTE_HUMANS", ("slack", "humans"), "", "whom *Ask a person* brings in: id of a user group or person"),
    Variable("FOOTNOTE_HELP_CHANNEL", ("slack", "help_channel"), "", "where reports without an owner go: channel id"),
    Variable("REDIS_URL", ("memory", "url"), "an embedded server", "a Redis or Valkey server (redis, rediss, unix)"),
    Variable("FOOTNOTE_MEMORY", ("memory", "backend"), "server with REDIS_URL, else embedded", "embedded or server"),
    Variable("REDIS_SERVER_BIN", ("memory", "binary"), "the one installed with us", "another binary to embed"),
    Variable("FOOTNOTE_HTTP_HOST", ("http", "host"), "127.0.0.1", "address that `serve --http` listens on"),
    Variable("FOOTNOTE_HTTP_PORT", ("http", "port"), "3000, or PORT", "port that `serve --http` listens on"),
    Variable("FOOTNOTE_ANSWERS", ("work", "answers"), "8", "questions answered at the same time by one process"),
    Variable("FOOTNOTE_THREADS", ("work", "threads"), "one per core", "threads of the local embedding model"),
    Variable("FOOTNOTE_MAX_FILE_MB", ("work", "max_file_mb"), "10", "larger documents are skipped by name"),
    Variable("FOOTNOTE_LOG_LEVEL", ("work", "log_level"), "info", "debug, info, warning or error"),
)  # fmt: skip
_BY_PLACE = {variable.place: variable for variable in VARIABLES}


def load(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` asks for. Raises `Misconfigured` with the variable's name and the remedy."""
    try:
        return Settings(**choose(environment))
    except ValidationError as error:
        raise Misconfigured(_sentence(error)) from None


def choose(environment: Mapping[str, str]) -> dict[str, Any]:
    """The tree as plain values: presence selects a backend, an explicit `FOOTNOTE_*` wins. Empty counts as absent."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    _refuse_unknown(given)
    tree: dict[str, Any] = {}
    for variable in VARIABLES:
        if variable.name in given:
            _put(tree, variable.place, given[variable.name])
    if "PORT" in given and "FOOTNOTE_HTTP_PORT" not in given:
        _put(tree, ("http", "port"), given["PORT"])
    return _with_memory(tree)


def _with_memory(tree: dict[str, Any]) -> dict[str, Any]:
    memory = tree.get("memory", {})
    backend = memory.setdefault("backend", "server" if "url" in memory else "embedded")
    if backend == "server" and "url" not in memory:
        raise Misconfigured("FOOTNOTE_MEMORY is server, but REDIS_URL is not set; set it, or leave FOOTNOTE_MEMORY out")
    unused = {"embedded": "url", "server": "binary"}.get(backend, "")
    return {**tree, "memory": {key: value for key, value in memory.items() if key != unused}}


def _put(tree: dict[str, Any], place: tuple[str, ...], value: str) -> None:
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
    place = tuple(part for part in first["loc"] if isinstance(part, str) and part not in ("embedded", "server"))
    variable = _BY_PLACE.get(place) or _BY_PLACE.get((*place, "backend"))
    name = variable.name if variable else ".".join(place)
    return f"{name} cannot be used: {first['msg'].removeprefix('Value error, ')}"
