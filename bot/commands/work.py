"""Answer queued questions, apart from the Slack edge."""

import argparse

from bot.commands import options

EXAMPLE = "Example:\n  footnote serve --edge-only &\n  footnote work"


def register(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footnote work`."""
    parser.epilog = EXAMPLE


async def run(arguments: argparse.Namespace) -> int:
    """Answer until asked to stop (SIGTERM or Ctrl-C: finish what is begun; again: at once)."""
    from bot.commands.priority import WORKING, give_way
    from bot.commands.running import leaving
    from bot.composition import bot
    from bot.kill_points import arm
    from bot.logs import configure

    give_way(WORKING)
    settings = options.settings(arguments.home)
    configure(settings.work.log_level)
    arm(settings.work.kill_at)
    with leaving() as leave:
        async with bot(settings, transport=None) as footnote, footnote.worker() as worker, leave.working(worker):
            await leave.asked(
                announce=f"Answering for workspace {footnote.identity.workspace_name}.", status=footnote.watching.status
            )
    return 0
