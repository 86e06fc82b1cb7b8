"""Try the whole bot in a stand-in for Slack on this machine, with nothing to sign up for."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options

if TYPE_CHECKING:
    from bot.playground import Playground
    from bot.settings import Settings

EXAMPLE = "Example:\n  footnote playground --docs ~/my-notes"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote playground`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--docs", type=Path, metavar="DIR", help="answer from this folder (default: what is indexed)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of the page (default: a free one)")
    parser.add_argument(
        "--suggest", action="append", default=[], metavar="QUESTION", help="a question to suggest; may be repeated"
    )


async def run(arguments: argparse.Namespace) -> int:
    """Index the folder, then serve the bot and the page until Ctrl-C."""
    from bot.commands.index import index
    from bot.commands.running import until_stopped
    from bot.composition import apart, bot
    from bot.logs import configure
    from bot.playground import Playground

    configure("warning")
    settings = options.settings(arguments.home)
    if arguments.docs is not None:
        settings = apart(settings, "playground", arguments.docs)
        await index(settings, [arguments.docs], show=sys.stderr)
    async with AsyncExitStack() as stack:
        suggestions = arguments.suggest or await _suggestions(settings)
        slack = await stack.enter_async_context(Playground(port=arguments.port, suggestions=suggestions))
        footnote = await stack.enter_async_context(bot(_against(settings, slack), transport="socket"))
        worker = await stack.enter_async_context(footnote.worker())
        await stack.enter_async_context(footnote.edge(transport="socket"))
        await until_stopped(worker, announce=_welcome(slack.page_url), status=footnote.watching.status)
    return 0


def _against(settings: "Settings", slack: "Playground") -> "Settings":
    """The same settings, with the playground for Slack."""
    from bot.settings import Slack

    stand_in = Slack.model_validate(
        {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "signing_secret": slack.signing_secret,
            "api_url": slack.api_url,
        }
    )
    return settings.model_copy(update={"slack": stand_in})


async def _suggestions(settings: "Settings") -> Sequence[str]:
    """Questions to begin with, about what stands in the documents."""
    from bot.composition import answering
    from bot.desk.suggest import SUGGESTED, suggestions

    async with answering(settings) as pipeline:
        questions = await suggestions(pipeline, options.audience(None), SUGGESTED)
    return [f"@Footnote {question}" for question in questions]


def _welcome(address: str) -> str:
    return f"\nThe playground is open. Ask there:\n\n  {address}\n\nCtrl-C ends it."
