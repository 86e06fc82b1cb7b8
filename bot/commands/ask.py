"""Answer one question, with its sources."""

import argparse
import json
from datetime import UTC, datetime

from bot.commands import options

EXAMPLE = 'Example:\n  footnote ask "how many hours of annual leave can I roll over?"'


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote ask`."""
    parser.epilog = EXAMPLE
    parser.add_argument("question", help="the question, in quotes")
    parser.add_argument("--conversation", metavar="ID", help="remember what was asked under this name, for follow-ups")
    options.add_as(parser)
    options.add_json(parser)


async def run(arguments: argparse.Namespace) -> int:
    """Print the answer; a question that the documents do not answer is answered with just that."""
    from bot.commands import shown
    from bot.composition import conversing

    audience = options.audience(arguments.principals)
    async with conversing(options.settings(arguments.home), conversation=arguments.conversation) as ask:
        answered = await ask(arguments.question, audience=audience)
    if arguments.json:
        print(json.dumps(shown.as_json(answered), ensure_ascii=False))
    else:
        print(shown.answer(answered, now=datetime.now(UTC)))
    return 0
