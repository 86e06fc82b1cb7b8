"""Whole bots in processes of their own, whose Slack is the test's playground."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.settings import ServerMemory
from tests.scenarios.whole import Whole

ROOT = Path(__file__).parents[2]
GRACE = 30
"""Seconds after which whoever stops a process kills it."""


class Processes:
    """Starts bots, and kills those that are left when the stack unwinds. `memory` is the address of their server."""

    def __init__(self, company: Whole, memory: str, stack: ExitStack, **more: str) -> None:
        slack = company.slack
        company.settings = company.settings.model_copy(
            update={"memory": ServerMemory.model_validate({"backend": "server", "url": memory})}
        )
        self._environment = {
            **os.environ,
            "FOOTNOTE_HOME": str(company.settings.home),
            "REDIS_URL": memory,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "FOOTNOTE_HTTP_PORT": "0",
            **more,
        }
        self._stack = stack

    def slow(self, *, seconds: float, characters: int) -> subprocess.Popen[bytes]:
        """A bot, edge and worker, that says so many characters evenly within so many seconds."""
        return self._start("tests.bench.slow_bot", "--seconds", str(seconds), "--characters", str(characters))

    def pausing(self) -> subprocess.Popen[bytes]:
        """A worker that stands still right before its first post."""
        return self._start("tests.scenarios.pausing_bot")

    def footnote(self, *words: str) -> subprocess.Popen[bytes]:
        """A command line."""
        return self._start("bot.cli", *words)

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        command: Sequence[str] = [sys.executable, "-m", module, *words]
        process = self._stack.enter_context(
            subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        )
        self._stack.callback(process.kill)
        return process


def announced(process: subprocess.Popen[bytes]) -> None:
    """Return once the process has said that it is at work."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith((b"Serving", b"Answering", b"ready")):
            return
    raise AssertionError(f"it ended without a word: {process.wait()}")
