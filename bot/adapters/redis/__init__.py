"""The Redis protocol: a durable queue, conversations and records, on any server or one that we start."""
