"""The Slack edge, both ways: envelopes in, Block Kit out."""
