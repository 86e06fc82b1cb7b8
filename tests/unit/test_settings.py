"""Settings: presence selects, an explicit choice wins, and every mistake is named."""

import pytest

from bot.errors import Misconfigured
from bot.settings import VARIABLES, EmbeddedMemory, ServerMemory, choose, load


def test_nothing_set_means_everything_embedded() -> None:
    """An empty environment is a complete configuration: the laptop default."""
    settings = load({})
    assert settings.memory == EmbeddedMemory()
    assert settings.slack.bot_token is None


def test_presence_of_a_url_selects_the_server() -> None:
    """REDIS_URL alone is enough to use that server."""
    memory = load({"REDIS_URL": "redis://localhost:6379/3"}).memory
    assert isinstance(memory, ServerMemory)
    assert str(memory.url) == "redis://localhost:6379/3"


@pytest.mark.parametrize(
    "url",
    [
        "rediss://me:secret@localhost:6380/0?ssl_ca_certs=ca.pem",
        "unix:///run/valkey.sock",
        "redis+sentinel://me:secret@one:26379,two:26379/primary/0",
        "rediss+cluster://one:6379,two:6379",
    ],
)
def test_every_form_of_address_is_taken_as_it_is_written(url: str) -> None:
    """Servers, sockets, Sentinels and clusters, for jobs and for caches."""
    memory = load({"REDIS_URL": url}).memory
    assert isinstance(memory, ServerMemory)
    assert memory.url == load({"REDIS_CACHE_URL": url}).cache_url == url


def test_an_explicit_choice_wins_over_presence() -> None:
    """FOOTNOTE_MEMORY=embedded holds although a REDIS_URL is around."""
    assert load({"REDIS_URL": "redis://localhost", "FOOTNOTE_MEMORY": "embedded"}).memory == EmbeddedMemory()


def test_empty_values_count_as_absent() -> None:
    """A line left empty in .env is not a choice."""
    assert load({"REDIS_URL": "", "SLACK_BOT_TOKEN": "  "}) == load({})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FOOTNOTE_HOEM": "x"}, "did you mean FOOTNOTE_HOME"),
        ({"FOOTNOTE_MEMORY": "server"}, "REDIS_URL is not set"),
        ({"FOOTNOTE_MEMORY": "cloud"}, "FOOTNOTE_MEMORY cannot be used"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL cannot be used"),
        ({"FOOTNOTE_HTTP_PORT": "70000"}, "FOOTNOTE_HTTP_PORT cannot be used"),
        ({"FOOTNOTE_ANSWERS": "many"}, "FOOTNOTE_ANSWERS cannot be used"),
        ({"FOOTNOTE_LOG_LEVEL": "chatty"}, "FOOTNOTE_LOG_LEVEL cannot be used"),
        ({"SLACK_API_URL": "ftp://slack"}, "SLACK_API_URL cannot be used"),
    ],
)
def test_a_mistake_is_named(environment: dict[str, str], said: str) -> None:
    """A wrong value is refused with the name of its variable."""
    with pytest.raises(Misconfigured, match=said):
        load(environment)


def test_every_variable_reaches_the_tree() -> None:
    """No variable is documented that is not read."""
    given = {variable.name: "1" for variable in VARIABLES} | {"FOOTNOTE_MEMORY": "server", "REDIS_CACHE_URL": "2"}
    tree = choose(given)
    for variable in VARIABLES:
        if variable.name != "REDIS_SERVER_BIN":  # belongs to the embedded server only
            inner = tree
            for part in variable.place:
                inner = inner[part]


def test_secrets_stay_out_of_the_representation() -> None:
    """Printing the settings shows no token and no password."""
    secrets = {"SLACK_BOT_TOKEN": "xoxb-s3cret", "SLACK_APP_TOKEN": "xapp-s3cret", "SLACK_SIGNING_SECRET": "s3cret"}
    settings = load({**secrets, "REDIS_URL": "redis://user:s3cret@localhost"})
    assert "s3cret" not in repr(settings)


def test_a_platform_port_is_used_unless_ours_is_set() -> None:
    """PORT, as hosting platforms set it, counts when FOOTNOTE_HTTP_PORT does not."""
    assert load({"PORT": "5000"}).http.port == 5000
    assert load({"PORT": "5000", "FOOTNOTE_HTTP_PORT": "6000"}).http.port == 6000


@pytest.mark.parametrize(
    ("name", "value"),
    [("FOOTNOTE_ADMINS", "U0ADA ada"), ("FOOTNOTE_HUMANS", "@people-ops"), ("FOOTNOTE_HELP_CHANNEL", "#help")],
)
def test_what_is_no_id_of_slack_is_refused_by_name(name: str, value: str) -> None:
    """A name is easily taken for an id; the sentence says which variable holds it."""
    with pytest.raises(Misconfigured, match=name):
        load({name: value})


def test_admins_are_ids_with_commas_or_spaces_between() -> None:
    """However people write lists."""
    assert load({"FOOTNOTE_ADMINS": "U0ADA, U0BEN W0CYD"}).slack.admins == ("U0ADA", "U0BEN", "W0CYD")


# --- backends -------------------------------------------------------------------------------------------------------

LOCAL = {"embedder": "local", "reranker": "local", "generator": "quotes", "rewriter": "history"}
COHERE = dict.fromkeys(LOCAL, "cohere")
EMBEDS = {"OPENAI_EMBED_MODEL": "e", "OPENAI_EMBED_DIMENSION": "768"}
OLLAMA = {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "OPENAI_CHAT_MODEL": "llama"}


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({}, LOCAL),
        ({"COHERE_API_KEY": "k"}, COHERE),
        ({"CO_API_KEY": "k"}, COHERE),
        ({"COHERE_BASE_URL": "https://cohere.internal"}, COHERE),
        (OLLAMA, {**LOCAL, "generator": "openai", "rewriter": "openai"}),
        ({**OLLAMA, "COHERE_API_KEY": "k"}, {**COHERE, "generator": "openai", "rewriter": "openai"}),
        ({**OLLAMA, **EMBEDS}, {**dict.fromkeys(LOCAL, "openai"), "reranker": "local"}),
        ({**OLLAMA, "OPENAI_RERANK_URL": "http://127.0.0.1"}, {**dict.fromkeys(LOCAL, "openai"), "embedder": "local"}),
        ({"COHERE_API_KEY": "k", "FOOTNOTE_EMBEDDER": "local"}, {**COHERE, "embedder": "local"}),
        ({"COHERE_API_KEY": "k", "FOOTNOTE_GENERATOR": "quotes"}, {**COHERE, "generator": "quotes"}),
    ],
)  # fmt: skip
def test_what_is_set_chooses_who_does_what(environment: dict[str, str], chosen: dict[str, str]) -> None:
    """A key chooses Cohere, a named model the OpenAI-compatible server, and an explicit choice wins."""
    assert load(environment).models.model_dump() == chosen


def test_a_weaviate_url_chooses_weaviate() -> None:
    """Presence selects; the explicit choice wins."""
    assert load({"WEAVIATE_URL": "http://127.0.0.1:8080"}).index.backend == "weaviate"
    assert load({"WEAVIATE_URL": "http://127.0.0.1:8080", "FOOTNOTE_INDEX": "local"}).index.backend == "local"


def test_coheres_own_name_of_the_key_gives_way_to_ours() -> None:
    """Where both are set, COHERE_API_KEY is meant."""
    cohere = load({"CO_API_KEY": "one", "COHERE_API_KEY": "two"}).cohere
    assert cohere is not None
    assert cohere.api_key.get_secret_value() == "two"


@pytest.mark.parametrize(
    ("model", "query_model", "used"),
    [
        ("", "", "embed-v5.0-fast"),
        ("embed-v5.0-pro", "embed-v5.0-pro", "embed-v5.0-pro"),
        ("embed-v4.0", "", "embed-v4.0"),
    ],
)
def test_a_query_is_embedded_into_the_space_of_the_documents(model: str, query_model: str, used: str) -> None:
    """Only Embed 5 has a fast sibling that shares the space."""
    named = {"COHERE_EMBED_MODEL": model, "COHERE_QUERY_MODEL": query_model}
    cohere = load({"COHERE_API_KEY": "k", **named}).cohere
    assert cohere is not None
    assert cohere.queries_by == used


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"REDIS_URL": "redis://x", "REDIS_CACHE_URL": "redis://x"}, "REDIS_CACHE_URL is the same as REDIS_URL"),
        ({"REDIS_CACHE_URL": "http://x"}, "REDIS_CACHE_URL cannot be used"),
        ({"FOOTNOTE_INDEX": "weaviate"}, "WEAVIATE_URL is not set"),
        ({"FOOTNOTE_INDEX": "cloud", "WEAVIATE_URL": "http://x"}, "FOOTNOTE_INDEX cannot be used"),
        ({"WEAVIATE_URL": "x:8080"}, "WEAVIATE_URL cannot be used"),
        ({"WEAVIATE_URL": "http://x", "WEAVIATE_TENANT": "a b"}, "WEAVIATE_TENANT cannot be used"),
        ({"FOOTNOTE_EMBEDDER": "cohere"}, "FOOTNOTE_EMBEDDER is cohere, but COHERE_API_KEY is not set"),
        ({"FOOTNOTE_GENERATOR": "openai"}, "FOOTNOTE_GENERATOR is openai, but OPENAI_CHAT_MODEL is not set"),
        ({"FOOTNOTE_RERANKER": "best"}, "FOOTNOTE_RERANKER cannot be used"),
        ({"COHERE_CHAT_MODEL": "command-a-03-2025"}, "COHERE_CHAT_MODEL is set, but COHERE_API_KEY is not"),
        ({"OPENAI_CHAT_MODEL": "llama"}, "OPENAI_CHAT_MODEL is set, but OPENAI_BASE_URL is not"),
        ({"OPENAI_BASE_URL": "http://x/v1"}, "none of its models; set OPENAI_CHAT_MODEL"),
        ({**OLLAMA, "FOOTNOTE_EMBEDDER": "openai"}, "OPENAI_EMBED_MODEL is not set"),
        ({**OLLAMA, "OPENAI_EMBED_MODEL": "e"}, "OPENAI_EMBED_DIMENSION is not; set the vectors' length"),
        ({"FOOTNOTE_PRICES": "model=cheap"}, "FOOTNOTE_PRICES cannot be used: 'model=cheap' is no price"),
        ({"FOOTNOTE_PRICES": "model=-1/2"}, "FOOTNOTE_PRICES cannot be used"),
        ({"FOOTNOTE_QUESTION_SECONDS": "0"}, "FOOTNOTE_QUESTION_SECONDS cannot be used"),
        ({"FOOTNOTE_DECLINE_BELOW": "2"}, "FOOTNOTE_DECLINE_BELOW cannot be used"),
    ],
)
def test_what_cannot_go_together_is_said_in_one_sentence(environment: dict[str, str], said: str) -> None:
    """A choice without what it needs, or a setting of a server that nobody reaches, is refused by name."""
    with pytest.raises(Misconfigured, match=said):
        load(environment)


def test_prices_are_dollars_by_model() -> None:
    """Input, output and search, as far as given."""
    prices = load({"FOOTNOTE_PRICES": "a=2.5/10, b = 0/0/0.002"}).asking.prices
    assert prices == {"a": (2.5, 10.0), "b": (0.0, 0.0, 0.002)}


def test_no_secret_is_shown() -> None:
    """Settings as they are printed show neither keys nor passwords."""
    given = {"COHERE_API_KEY": "s3cret", "WEAVIATE_URL": "http://x", "WEAVIATE_API_KEY": "s3cret"}
    given |= {**OLLAMA, "OPENAI_API_KEY": "s3cret", "REDIS_CACHE_URL": "redis://me:s3cret@x"}
    assert "s3cret" not in f"{load(given)!r}"


def test_a_prefix_keeps_its_space() -> None:
    """Models that want one were trained with it."""
    openai = load({**OLLAMA, **EMBEDS, "OPENAI_QUERY_PREFIX": "query: "}).openai
    assert openai is not None
    assert openai.query_prefix == "query: "
