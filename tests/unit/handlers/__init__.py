"""The Slack edge, module by module."""
