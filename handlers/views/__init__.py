"""What the bot's messages look like: pure builders of Block Kit, and the one place that escapes."""
