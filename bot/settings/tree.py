"""The tree of settings, each branch checked by its own model."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

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
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

HttpUrl = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http", "https"])]


# --- shapes ---------------------------------------------------------------------------------------------------------


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


def _redis(value: str) -> str:
    """An address of a server, of Sentinels or of a cluster; what stands behind the scheme is the adapter's to read."""
    if not re.match(r"(?:redis|rediss|unix|rediss?\+(?:sentinel|cluster))://", value):
        raise ValueError("URL scheme should be redis, rediss, unix, redis+sentinel or redis+cluster")
    return value


def _prices(value: object) -> object:
    """Prices as people write them: `MODEL=INPUT/OUTPUT` or `MODEL=INPUT/OUTPUT/SEARCH`, with commas between."""
    if not isinstance(value, str):
        return value
    table: dict[str, tuple[float, ...]] = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        model, _, numbers = entry.partition("=")
        try:
            table[model.strip()] = tuple(float(number) for number in numbers.split("/"))
        except ValueError:
            raise ValueError(
                f"{entry!r} is no price; write MODEL=INPUT/OUTPUT, in dollars per million tokens"
            ) from None
    return table


def _dollars(value: Mapping[str, tuple[float, ...]]) -> Mapping[str, tuple[float, ...]]:
    for model, numbers in value.items():
        if not model or not 1 <= len(numbers) <= len(("input", "output", "search")) or min(numbers) < 0:
            raise ValueError(f"the price of {model!r} is not one to three numbers from 0 on")
    return value


RedisUrl = Annotated[str, AfterValidator(_redis)]
PersonId = Annotated[str, _shaped("UW", "a person")]
Ids = Annotated[tuple[PersonId, ...], BeforeValidator(_ids)]
HumansId = Annotated[str, _shaped("SUW", "a user group or person")]
ChannelId = Annotated[str, _shaped("CG", "a channel")]
Tenant = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Dollars = Annotated[Mapping[str, tuple[float, ...]], BeforeValidator(_prices), AfterValidator(_dollars)]
Share = Annotated[float, Field(ge=0, le=1)]
Dimension = Annotated[int, Field(ge=8, le=8192)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- where things are kept ------------------------------------------------------------------------------------------


class EmbeddedMemory(_Frozen):
    """A Valkey server that the bot starts itself, with its data under the home folder."""

    backend: Literal["embedded"] = "embedded"
    binary: Path | None = None


class ServerMemory(_Frozen):
    """A Redis or Valkey server that somebody runs."""

    backend: Literal["server"]
    url: RedisUrl = Field(repr=False)


class LocalIndex(_Frozen):
    """An index in the home folder."""

    backend: Literal["local"] = "local"


class WeaviateIndex(_Frozen):
    """A Weaviate server or cluster: REST at `url`, gRPC at `grpc_url` or else port 50051 of the same host."""

    backend: Literal["weaviate"]
    url: HttpUrl
    grpc_url: HttpUrl | None = None
    api_key: SecretStr | None = None
    tenant: Tenant = "footnote"
    replicas: int = Field(default=1, ge=1, le=9)


# --- models ---------------------------------------------------------------------------------------------------------


class Cohere(_Frozen):
    """An account at Cohere, or a private deployment at `base_url`, and which of its models do what."""

    api_key: SecretStr = SecretStr("")
    base_url: HttpUrl = AnyUrl("https://api.cohere.com")
    embed_model: str = "embed-v5.0-pro"
    query_model: str = ""
    embed_dimension: Dimension = 1024
    embed_rate: int = Field(default=2000, ge=1)
    rerank_model: str = "rerank-v5.0-fast"
    chat_model: str = "command-a-03-2025"
    rewrite_model: str = "command-r7b-12-2024"

    @property
    def queries_by(self) -> str:
        """The model that embeds queries: both of Embed 5 share one space, and the fast one will do for a line."""
        fast = "embed-v5.0-fast" if self.embed_model.startswith("embed-v5.0-") else self.embed_model
        return self.query_model or fast


class OpenAI(_Frozen):
    """A server that speaks OpenAI's API, and which of its models do what."""

    base_url: HttpUrl
    api_key: SecretStr = SecretStr("")
    chat_model: str = ""
    rewrite_model: str = ""
    embed_model: str = ""
    embed_dimension: Dimension | None = None
    query_prefix: str = ""
    document_prefix: str = ""
    rerank_model: str = ""
    rerank_url: HttpUrl | None = None
    patience: float = Field(default=20.0, ge=1, le=600)


class Models(_Frozen):
    """Who embeds, reranks, writes, and makes follow-ups whole."""

    embedder: Literal["local", "cohere", "openai"] = "local"
    reranker: Literal["local", "cohere", "openai"] = "local"
    generator: Literal["quotes", "cohere", "openai"] = "quotes"
    rewriter: Literal["history", "cohere", "openai"] = "history"


class Asking(_Frozen):
    """What one question may take of the models, what they cost, and how sure a model's reranker has to be."""

    seconds: float = Field(default=60.0, ge=1, le=600)
    calls: int = Field(default=24, ge=1)
    tokens: int = Field(default=200_000, ge=1)
    prices: Dollars = Field(default_factory=dict[str, tuple[float, ...]])
    decline_below: Share = 0.2
    plain_from: Share = 0.5


# --- around them ----------------------------------------------------------------------------------------------------


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


class Budgets(_Frozen):
    """How many questions, and how many dollars, within a minute or a day; 0 is no limit."""

    person_minute: int = Field(default=10, ge=0)
    person_day: int = Field(default=200, ge=0)
    channel_day: int = Field(default=1_000, ge=0)
    workspace_day: int = Field(default=0, ge=0)
    person_cost: float = Field(default=0.0, ge=0)
    workspace_cost: float = Field(default=25.0, ge=0)


class Status(_Frozen):
    """Where each process says how it is: health and metrics, if anywhere."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535)


class Work(_Frozen):
    """How much is done at once, how large a document may be, and after how long a worker counts as gone."""

    answers: int = Field(default=8, ge=1, le=256)
    lease: float = Field(default=30.0, ge=1, le=600)
    forgotten: float = Field(default=120.0, ge=4, le=3600)
    kill_at: str = ""
    threads: int | None = Field(default=None, ge=1, le=256)
    max_file_mb: float = Field(default=10.0, gt=0, le=1024)
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Telemetry(_Frozen):
    """Where traces and metrics go, if anywhere."""

    endpoint: HttpUrl | None = None


class Settings(BaseSettings):
    """The whole tree, made by `load`. Adapters never see it: composition hands them plain values."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("footnote", appauthor=False))
    memory: Annotated[EmbeddedMemory | ServerMemory, Field(discriminator="backend")] = EmbeddedMemory()
    cache_url: RedisUrl | None = Field(default=None, repr=False)
    index: Annotated[LocalIndex | WeaviateIndex, Field(discriminator="backend")] = LocalIndex()
    models: Models = Models()
    cohere: Cohere | None = None
    openai: OpenAI | None = None
    asking: Asking = Asking()
    slack: Slack = Slack()
    http: Http = Http()
    work: Work = Work()
    budgets: Budgets = Budgets()
    status: Status = Status()
    telemetry: Telemetry = Telemetry()

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
