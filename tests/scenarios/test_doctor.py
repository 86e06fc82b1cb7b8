"""A tired operator runs `footnote doctor`: what is printed where, and how it ends."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.doctor.installation import Installation, indexed, installed

COLOUR = "\x1b["
BROKEN = {"SLACK_BOT_TOKEN": "xoxb-" + "7" * 40}


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended, and what it said where."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scenario")
    return indexed(place / "home", place / "handbook").home


@pytest.fixture
async def sound(home: Path, valkey_url: str) -> AsyncGenerator[Installation]:
    """An installation in which nothing is wrong."""
    async with installed(home, valkey_url) as installation:
        yield installation


async def _doctor(installation: Installation, *arguments: str, **changes: str) -> Done:
    """Run it with its output in pipes."""
    command = [sys.executable, "-m", "bot.cli", "doctor", *arguments]
    environment = {**os.environ, **installation.environment, **changes}
    process = await create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


async def _in_terminal(installation: Installation, *, width: int, **changes: str) -> Done:
    """Run it in a terminal of so many columns; what is written to either stream appears there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    command = [sys.executable, "-m", "bot.cli", "doctor"]
    environment = {**os.environ, **installation.environment, "TERM": "xterm-256color", **changes}
    process = await create_subprocess_exec(*command, env=environment, stdin=theirs, stdout=theirs, stderr=PIPE)
    os.close(theirs)
    shown = await asyncio.to_thread(_all, ours)
    assert process.stderr is not None
    return Done(await process.wait(), shown, (await process.stderr.read()).decode())


def _all(terminal: int) -> str:
    """What is written to a terminal until nobody holds it open."""
    shown = b""
    with open(terminal, "rb", buffering=0) as reading:
        while True:
            try:
                some = reading.read(65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not some:
                break
            shown += some
    return shown.decode().replace("\r\n", "\n")


async def test_a_sound_installation_ends_well(sound: Installation) -> None:
    """Status 0, a line for each check, the count below, nothing beside it, and no secret in any of it."""
    done = await _doctor(sound)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[-1] == f"{len(lines) - 1} ok, 0 warnings, 0 errors"
    assert {line.split()[0] for line in lines[:-1]} == {"ok"}
    assert len({len(line) - len(line[9:].partition("  ")[2].lstrip()) for line in lines[:-1]}) == 1
    for secret in (sound.slack.bot_token, sound.slack.app_token, sound.slack.signing_secret):
        assert secret[6:-4] not in done.out


async def test_an_error_ends_with_status_1(sound: Installation) -> None:
    """The line says what to do and where to click; what follows from it is named, not reported again."""
    done = await _doctor(sound, **BROKEN)
    assert done.status == 1
    (line,) = [line for line in done.out.splitlines() if line.startswith("error")]
    assert re.match(r"error    Slack bot token +xoxb-…7777 is unknown to Slack \(invalid_auth\) → copy the Bot", line)
    assert "Not checked, until the errors above are mended: Slack scopes, Slack channels\n" in done.out
    assert done.out.endswith(" ok, 0 warnings, 1 error\n")


async def test_json_is_all_that_is_printed(sound: Installation) -> None:
    """A program gets the same findings and the same status, and nothing else on standard output."""
    done = await _doctor(sound, "--json", "--http", **BROKEN)
    told = json.loads(done.out)
    assert (done.status, done.err) == (1, "")
    assert (told["errors"], told["warnings"]) == (1, 0)
    assert [one["name"] for one in told["checks"] if one["level"] == "error"] == ["Slack bot token"]
    assert "Slack signing secret" in {one["name"] for one in told["checks"]}
    assert all(set(one) == {"level", "name", "said", "remedy"} for one in told["checks"])


async def test_a_setting_that_cannot_be_used_is_a_line_and_no_crash(sound: Installation) -> None:
    """`footnote serve` would stop at the first one; the doctor names it and looks at everything else."""
    done = await _doctor(sound, FOOTNOTE_PROT="3000", FOOTNOTE_ANSWERS="many")
    assert done.status == 1
    errors = [line for line in done.out.splitlines() if line.startswith("error    Settings ")]
    assert "FOOTNOTE_PROT is not a setting" in errors[0]
    assert "FOOTNOTE_ANSWERS cannot be used" in errors[1]
    assert "ok       Socket Mode" in done.out
    assert "Traceback" not in done.err


async def test_a_file_of_settings_counts(sound: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in `.env` in the current folder is examined too, below what the environment says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (tmp_path / ".env").write_text("FOOTNOTE_HELP_CHANNEL=C0NOTHING\nSLACK_BOT_TOKEN=xoxb-not-this\n")
    (tmp_path / ".env").chmod(0o644)
    done = await _doctor(sound)
    assert done.status == 1
    assert "error    Help channel" in done.out
    assert re.search(
        r"warning  Secrets +\.env can be read by others on this machine \(mode 644\) → chmod 600 \.env", done.out
    )
    assert "ok       Slack bot token" in done.out


async def test_a_terminal_gets_colour_and_its_own_width(sound: Installation) -> None:
    """Levels are coloured, and lines are folded to the terminal's width."""
    done = await _in_terminal(sound, width=80, **BROKEN)
    assert done.status == 1
    plain = done.out
    for code in ("\x1b[1;31m", "\x1b[32m", "\x1b[0m"):
        assert code in plain
        plain = plain.replace(code, "")
    assert COLOUR not in plain
    foldable = [line for line in plain.splitlines() if max(map(len, line.split()), default=0) < 50]  # not a long path
    assert len(foldable) > 10
    assert max(map(len, foldable)) <= 80
    assert re.search(r"\n {28}→ copy the Bot User", plain)


async def test_no_color_is_obeyed(sound: Installation) -> None:
    """Somebody who wants no colour gets none, in a terminal too."""
    done = await _in_terminal(sound, width=120, NO_COLOR="1")
    assert done.status == 0
    assert "\x1b[3" not in done.out
    assert "ok       Socket Mode" in done.out


async def test_beside_a_bot_that_serves_it_is_let_in(sound: Installation) -> None:
    """Socket Mode may be tried while a bot is connected: both are, for a moment, and the bot stays."""
    async with sound.slack_connected():
        done = await _doctor(sound)
        assert done.status == 0
        assert "connects, beside 1 other connection" in done.out
        assert sound.slack.connections == 1


async def test_help_shows_an_example(sound: Installation) -> None:
    """It explains its levels and its exit status, and shows ways to call it."""
    done = await _doctor(sound, "--help")
    assert done.status == 0
    assert "footnote doctor --http" in done.out.split("Example", 1)[1]
    assert "Exit status 1" in done.out
