"""Serve a Slack workspace: the edge and a worker, or the edge alone."""

import argparse
from contextlib import AsyncExitStack

from bot.commands import options

EXAMPLE = "Example:\n  SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-… footnote serve"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote serve`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--http", action="store_true", help="listen for Slack over HTTP instead of Socket Mode")
    parser.add_argument("--edge-only", action="store_true", help="only take questions; `footnote work` answers them")


async def run(arguments: argparse.Namespace) -> int:
    """Serve until asked to stop (SIGTERM or Ctrl-C: finish what is begun; again: at once)."""
    from bot.commands.running import leaving
    from bot.composition import bot
    from bot.kill_points import arm
    from bot.logs import configure

    settings = options.settings(arguments.home)
    configure(settings.work.log_level)
    arm(settings.work.kill_at)
    transport = "http" if arguments.http else "socket"
    with leaving() as leave:
        async with AsyncExitStack() as stack:
            footnote = await stack.enter_async_context(bot(settings, transport=transport))
            if not arguments.edge_only:
                worker = await stack.enter_async_context(footnote.worker())
                await stack.enter_async_context(leave.working(worker))
            place = await stack.enter_async_context(footnote.edge(transport=transport))  # closed before the worker ends
            await leave.asked(
                announce=f"Serving @{footnote.identity.name} over {place}.", status=footnote.watching.status
            )
    return 0
