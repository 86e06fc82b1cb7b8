"""Find passages, without an answer."""

import argparse
import json

from bot.commands import options

EXAMPLE = 'Example:\n  footnote search "annual leave carry over" --limit 3'
LIMIT = 5


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote search`."""
    parser.epilog = EXAMPLE
    parser.add_argument("query", help="words or a question")
    parser.add_argument("--limit", type=options.positive, default=LIMIT, metavar="K", help="at most K (default: 5)")
    options.add_as(parser)
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Print the best passages that the person asking may read."""
    from bot.commands import shown
    from bot.composition import answering

    audience = options.audience(arguments.principals)
    async with answering(options.settings(arguments.home)) as pipeline:
        found = await pipeline.find(arguments.query, (), audience=audience, limit=arguments.limit)
    hits = found.ranking.hits
    print(json.dumps([shown.passage(hit) for hit in hits], ensure_ascii=False) if arguments.json else shown.hits(hits))
    return 0
