"""The environment variables that settings are read from: names that people know, each with its place in the tree."""

from dataclasses import dataclass


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

    Variable("REDIS_URL", ("memory", "url"), "an embedded server",
             "a Redis or Valkey server (redis, rediss, unix), Sentinels (redis+sentinel) or a cluster (redis+cluster)"),
    Variable("FOOTNOTE_MEMORY", ("memory", "backend"), "server with REDIS_URL, else embedded", "embedded or server"),
    Variable("REDIS_SERVER_BIN", ("memory", "binary"), "the one installed with us", "another binary to embed"),
    Variable("REDIS_CACHE_URL", ("cache_url",), "each process for itself", "a Redis or Valkey server for caches alone"),

    Variable("WEAVIATE_URL", ("index", "url"), "an index in the home folder", "a Weaviate server, http or https"),
    Variable("WEAVIATE_GRPC_URL", ("index", "grpc_url"), "port 50051 of that host", "where it takes gRPC"),
    Variable("WEAVIATE_API_KEY", ("index", "api_key"), "", "its API key"),
    Variable("WEAVIATE_TENANT", ("index", "tenant"), "footnote", "one name for each workspace that shares the server"),
    Variable("WEAVIATE_REPLICAS", ("index", "replicas"), "1", "copies of each passage: 3 on three nodes"),
    Variable("FOOTNOTE_INDEX", ("index", "backend"), "weaviate with WEAVIATE_URL, else local", "local or weaviate"),

    Variable("CO_API_KEY", ("cohere", "api_key"), "", "the same as COHERE_API_KEY, which wins"),
    Variable("COHERE_API_KEY", ("cohere", "api_key"), "", "the key of an account at Cohere"),
    Variable("COHERE_BASE_URL", ("cohere", "base_url"), "https://api.cohere.com", "a private deployment"),
    Variable("COHERE_EMBED_MODEL", ("cohere", "embed_model"), "embed-v5.0-pro", "embeds documents"),
    Variable("COHERE_QUERY_MODEL", ("cohere", "query_model"), "embed-v5.0-fast", "embeds questions, in the same space"),
    Variable("COHERE_EMBED_DIMENSION", ("cohere", "embed_dimension"), "1024", "length of its vectors"),
    Variable("COHERE_EMBED_RATE", ("cohere", "embed_rate"), "2000", "texts that the account may embed in a minute"),
    Variable("COHERE_RERANK_MODEL", ("cohere", "rerank_model"), "rerank-v5.0-fast", "puts the best passages first"),
    Variable("COHERE_CHAT_MODEL", ("cohere", "chat_model"), "command-a-03-2025", "writes the answers"),
    Variable("COHERE_REWRITE_MODEL", ("cohere", "rewrite_model"), "command-r7b-12-2024", "makes follow-ups whole"),

    Variable("OPENAI_BASE_URL", ("openai", "base_url"), "", "a server that speaks OpenAI's API (Ollama, vLLM)"),
    Variable("OPENAI_API_KEY", ("openai", "api_key"), "", "its key, where it asks for one"),
    Variable("OPENAI_CHAT_MODEL", ("openai", "chat_model"), "", "writes the answers"),
    Variable("OPENAI_REWRITE_MODEL", ("openai", "rewrite_model"), "the chat model", "makes follow-ups whole"),
    Variable("OPENAI_EMBED_MODEL", ("openai", "embed_model"), "", "embeds documents and questions"),
    Variable("OPENAI_EMBED_DIMENSION", ("openai", "embed_dimension"), "", "length of its vectors"),
    Variable("OPENAI_QUERY_PREFIX", ("openai", "query_prefix"), "", "what that model wants before a question"),
    Variable("OPENAI_DOCUMENT_PREFIX", ("openai", "document_prefix"), "", "what that model wants before a passage"),
    Variable("OPENAI_RERANK_MODEL", ("openai", "rerank_model"), "", "puts the best passages first"),
    Variable("OPENAI_PATIENCE", ("openai", "patience"), "20", "seconds that it may take to its first word"),
    Variable("OPENAI_RERANK_URL", ("openai", "rerank_url"), "/rerank of that server", "where it takes them"),

    Variable("FOOTNOTE_EMBEDDER", ("models", "embedder"), "by what is set", "local, cohere or openai"),
    Variable("FOOTNOTE_RERANKER", ("models", "reranker"), "by what is set", "local, cohere or openai"),
    Variable("FOOTNOTE_GENERATOR", ("models", "generator"), "by what is set", "quotes, cohere or openai"),
    Variable("FOOTNOTE_REWRITER", ("models", "rewriter"), "by what is set", "history, cohere or openai"),
    Variable("FOOTNOTE_QUESTION_SECONDS", ("asking", "seconds"), "60", "the most that one answer may take"),
    Variable("FOOTNOTE_QUESTION_CALLS", ("asking", "calls"), "24", "calls of models that one answer may make"),
    Variable("FOOTNOTE_QUESTION_TOKENS", ("asking", "tokens"), "200000", "tokens that one answer may use"),
    Variable("FOOTNOTE_PRICES", ("asking", "prices"), "the published ones", "MODEL=INPUT/OUTPUT in dollars a million"),
    Variable("FOOTNOTE_DECLINE_BELOW", ("asking", "decline_below"), "0.2", "below this relevance it declines"),
    Variable("FOOTNOTE_PLAIN_FROM", ("asking", "plain_from"), "0.5", "from this relevance on it does not hedge"),

    Variable("FOOTNOTE_HTTP_HOST", ("http", "host"), "127.0.0.1", "address that `serve --http` listens on"),
    Variable("FOOTNOTE_HTTP_PORT", ("http", "port"), "3000, or PORT", "port that `serve --http` listens on"),
    Variable("FOOTNOTE_ANSWERS", ("work", "answers"), "8", "questions answered at the same time by one process"),
    Variable("FOOTNOTE_LEASE_SECONDS", ("work", "lease"), "30", "seconds until a silent worker's jobs go to another"),
    Variable("FOOTNOTE_FORGOTTEN_SECONDS", ("work", "forgotten"), "120",
             "seconds until a begun reply that nobody works on is taken up again"),
    Variable("FOOTNOTE_THREADS", ("work", "threads"), "one per core", "threads of the local embedding model"),
    Variable("FOOTNOTE_MAX_FILE_MB", ("work", "max_file_mb"), "10", "larger documents are skipped by name"),
    Variable("FOOTNOTE_LOG_LEVEL", ("work", "log_level"), "info", "debug, info, warning or error"),
    Variable("FOOTNOTE_PERSON_PER_MINUTE", ("budgets", "person_minute"), "10", "questions of one person; 0: no limit"),
    Variable("FOOTNOTE_PERSON_PER_DAY", ("budgets", "person_day"), "200", "questions of one person"),
    Variable("FOOTNOTE_CHANNEL_PER_DAY", ("budgets", "channel_day"), "1000", "questions in one channel"),
    Variable("FOOTNOTE_WORKSPACE_PER_DAY", ("budgets", "workspace_day"), "0 (no limit)", "questions of everybody"),
    Variable("FOOTNOTE_PERSON_DOLLARS", ("budgets", "person_cost"), "0 (no limit)", "dollars a day for one person"),
    Variable("FOOTNOTE_WORKSPACE_DOLLARS", ("budgets", "workspace_cost"), "25", "dollars a day for everybody"),
    Variable("FOOTNOTE_STATUS_PORT", ("status", "port"), "", "port for /livez, /readyz and /metrics of this process"),
    Variable("FOOTNOTE_STATUS_HOST", ("status", "host"), "127.0.0.1", "address of that port"),
    Variable("KILL_AT", ("work", "kill_at"), "", "for tests: die at POINT:N (docs/reliability.md)"),
    Variable("OTEL_EXPORTER_OTLP_ENDPOINT", ("telemetry", "endpoint"), "", "where traces and metrics go (OTLP)"),
)  # fmt: skip
