"""Cohere, or a private deployment of its models: embedding, ranking, writing and rewriting, all over one client."""
