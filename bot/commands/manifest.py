"""Print the manifest from which Slack makes the app."""

import argparse
import json

EXAMPLE = """Examples:
  footnote manifest                             for Socket Mode: the bot needs no public address
  footnote manifest --http https://bot.acme.com for HTTP: Slack reaches the bot there

Paste it at api.slack.com/apps, Create New App, From a manifest; docs/guide/slack-setup.md has every step."""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote manifest`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--http", metavar="URL", default="", help="the bot's public https address, for serve --http")


async def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON."""
    from handlers.manifest import manifest

    print(json.dumps(manifest(request_url=arguments.http), indent=2, ensure_ascii=False))
    return 0
