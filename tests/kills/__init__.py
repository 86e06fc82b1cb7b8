"""The public kill test: real processes, a real Valkey, a Slack that delivers again; and what came of each question."""
