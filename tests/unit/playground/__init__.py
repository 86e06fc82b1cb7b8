"""The playground: strict where Slack is strict, and safe to look at."""
