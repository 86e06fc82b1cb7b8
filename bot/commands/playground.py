"""Try the whole bot in a stand-in for Slack on this machine, with nothing to sign up for."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import options
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.playground import Playground
    from bot.settings import Settings

EXAMPLE = """Examples:
  footnote playground --docs ~/my-notes
  footnote playground --apart --events http://127.0.0.1:3000/slack/events"""


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote playground`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--docs", type=Path, metavar="DIR", help="answer from this folder (default: what is indexed)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of the page (default: a free one)")
    parser.add_argument(
        "--suggest", action="append", default=[], metavar="QUESTION", help="a question to suggest; may be repeated"
    )
    parser.add_argument(
        "--apart", action="store_true", help="no bot in it: print the settings for `serve` and `work` started beside it"
    )
    parser.add_argument("--events", metavar="URL", help="with --apart: send events there (`serve --http`)")


async def run(arguments: argparse.Namespace) -> int:
    """Index the folder, then serve the bot and the page until Ctrl-C."""
    from bot.commands.index import index
    from bot.commands.running import until_stopped
    from bot.composition import apart, bot
    from bot.logs import configure
    from bot.playground import Playground

    configure("warning")
    if arguments.apart or arguments.events:
        return await _apart(arguments)
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


async def _apart(arguments: argparse.Namespace) -> int:
    """Serve the page alone, to processes that are started, and may be killed, beside it."""
    from bot.commands.running import until_stopped
    from bot.playground import Playground
    from bot.status import Status

    if not arguments.apart:
        raise BadRequest("--events goes with --apart")
    if arguments.docs:
        raise BadRequest(f"--apart has no bot to read documents; run footnote index {arguments.docs}")
    async with Playground(
        port=arguments.port, suggestions=arguments.suggest, http_events_url=arguments.events
    ) as slack:
        for name, value in _settings(slack).items():
            print(f"export {name}={value}", flush=True)
        await until_stopped(None, announce=_welcome(slack.page_url), status=Status())
    return 0


def _settings(slack: "Playground") -> dict[str, str]:
    """What a bot is told of this Slack, as environment variables."""
    return {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
    }


def _against(settings: "Settings", slack: "Playground") -> "Settings":
    """The same settings, with the playground for Slack."""
    from bot.settings import Slack

    told = {name.removeprefix("SLACK_").lower(): value for name, value in _settings(slack).items()}
    stand_in = Slack.model_validate(told)
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
