"""What a person does in a terminal, through the real commands in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

LEAVE = """# Leave

## Annual leave

You may carry over at most 240 hours of annual leave into the next year. Hours above that are forfeited.

## Sick leave

Tell your lead before ten in the morning when you are ill.
"""
VPN = """---
title: Working from afar
---

## Setting up the VPN

Install the client from the self-service portal, then sign in with your badge number.
"""
SALARY = "# Pay bands\n\nBand four earns between 70,000 and 85,000 euros a year.\n"

Footnote = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A small handbook on disk."""
    folder = tmp_path / "handbook"
    (folder / "people").mkdir(parents=True)
    (folder / "people" / "leave.md").write_text(LEAVE)
    (folder / "vpn.md").write_text(VPN)
    return folder


@pytest.fixture
def footnote(tmp_path: Path) -> Footnote:
    """Runs `footnote …` under a home of the test's own."""
    environment = {**os.environ, "FOOTNOTE_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot.cli", *arguments]
        return subprocess.run(command, input=typed, env=environment, capture_output=True, text=True, check=False)

    return run


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_index_then_ask_gives_a_cited_answer(footnote: Footnote, docs: Path) -> None:
    """The first answer quotes the document word for word and names the file, heading and title it comes from."""
    indexed = _json(footnote("index", str(docs), "--json"))
    assert (indexed["documents"], indexed["updated"], indexed["skipped"]) == (2, 2, [])
    answer = _json(footnote("ask", "how many hours of annual leave can I carry over?", "--json"))
    assert answer["answered"]
    assert "240 hours of annual leave" in answer["answer"]
    first = answer["citations"][0]
    assert (first["document"], first["title"], first["heading"]) == ("people/leave.md", "Leave", "Annual leave")
    assert first["quote"] in LEAVE
    assert "[1]" in answer["answer"]
    assert {"total", "search", "rerank"} <= set(answer["timings_ms"])
    assert any(passage["used"] for passage in answer["passages"])


def test_people_read_plain_lines(footnote: Footnote, docs: Path) -> None:
    """In a terminal the answer comes first and its source below it, with a line number to open."""
    footnote("index", str(docs))
    shown = footnote("ask", "how do I set up the VPN?").stdout
    assert "self-service portal" in shown.splitlines()[0] + shown.splitlines()[1]
    assert "Working from afar › Setting up the VPN  vpn.md:" in shown


def test_indexing_again_does_only_what_changed(footnote: Footnote, docs: Path) -> None:
    """Unchanged documents are skipped, changed ones replaced, removed ones gone from every answer."""
    footnote("index", str(docs))
    (docs / "vpn.md").unlink()
    (docs / "people" / "leave.md").write_text(LEAVE.replace("240", "300"))
    again = _json(footnote("index", str(docs), "--json"))
    assert (again["unchanged"], again["updated"], again["removed"]) == (0, 1, 1)
    found = _json(footnote("search", "annual leave carry over VPN portal", "--json"))
    assert not any("240" in hit["text"] or "portal" in hit["text"] for hit in found)
    assert any("300" in hit["text"] for hit in found)


def test_what_is_not_for_everyone_is_not_found_by_everyone(footnote: Footnote, tmp_path: Path, docs: Path) -> None:
    """A folder readable by one group answers that group, and does not exist for others."""
    pay = tmp_path / "pay"
    pay.mkdir()
    (pay / "bands.md").write_text(SALARY)
    footnote("index", str(docs))
    footnote("index", str(pay), "--readable-by", "group:hr")
    question = "how much does band four earn?"
    assert "70,000" in _json(footnote("ask", question, "--as", "group:hr", "--json"))["answer"]
    everyone = footnote("ask", question, "--json").stdout
    assert "70,000" not in everyone
    assert "Pay bands" not in everyone
    assert "70,000" not in footnote("search", question, "--json").stdout


def test_a_follow_up_is_made_whole(footnote: Footnote, docs: Path) -> None:
    """Under one conversation name, a second question that leans on the first is answered from its subject."""
    footnote("index", str(docs))
    footnote("ask", "how many hours of annual leave can I carry over?", "--conversation", "c1")
    followed = _json(footnote("ask", "and what happens above that?", "--conversation", "c1", "--json"))
    assert followed["standalone_query"] != followed["question"]
    assert "forfeited" in followed["answer"]


def test_a_chat_answers_line_after_line(footnote: Footnote, docs: Path) -> None:
    """Each line typed is answered; the end of the input ends the chat without an error."""
    footnote("index", str(docs))
    done = footnote("chat", typed="how do I set up the VPN?\nwhom do I tell when I am ill?\n")
    assert done.returncode == 0, done.stderr
    assert "self-service portal" in done.stdout
    assert "before ten" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["ask", "anything?"], 1, 'run "footnote index PATH" first'),
        (["search", "anything"], 1, 'run "footnote index PATH" first'),
        (["index", "nowhere"], 1, "nowhere"),
        (["index", ".", "--readable-by", "all"], 2, "write everyone, group:NAME or user:ID"),
        (["search", "x", "--limit", "0"], 2, "is not a whole number from 1 on"),
        (["serve"], 1, "SLACK_BOT_TOKEN"),
        (["playground", "--events", "http://127.0.0.1:3000/slack/events"], 1, "--events goes with --apart"),
        (["evaluate", "nowhere"], 1, "nowhere"),
        (["frobnicate"], 2, "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    footnote: Footnote, arguments: list[str], status: int, said: str
) -> None:
    """A mistake ends with its exit status and one line on standard error that says what to do, never a traceback."""
    done = footnote(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["index", "search", "ask", "chat", "evaluate", "playground", "serve", "work"])
def test_help_shows_an_example(footnote: Footnote, command: str) -> None:
    """Every command explains itself and shows one way to call it."""
    shown = footnote(command, "--help")
    assert shown.returncode == 0
    assert f"footnote {command}" in shown.stdout.split("Example", 1)[1]


def test_a_bot_beside_the_playground_is_started_with_what_it_prints(
    tmp_path: Path, docs: Path, footnote: Footnote
) -> None:
    """The Procfile's processes, each by itself, in a Slack that knows of them only what stands in these lines."""
    footnote("index", str(docs))
    environment = {**os.environ, "FOOTNOTE_HOME": str(tmp_path / "home"), "FOOTNOTE_HTTP_PORT": "0"}
    command = [sys.executable, "-m", "bot.cli"]
    alone = [*command, "playground", "--apart"]
    with subprocess.Popen(alone, env=environment, stdout=PIPE, stderr=PIPE, text=True) as playground:
        assert playground.stdout is not None
        lines = [playground.stdout.readline().strip() for _ in range(4)]
        environment |= dict(line.removeprefix("export ").split("=", 1) for line in lines)
        for process in (["serve", "--http", "--edge-only"], ["work"]):
            with subprocess.Popen([*command, *process], env=environment, stderr=PIPE, text=True) as started:
                assert started.stderr is not None
                assert any(line.startswith(("Serving @", "Answering for")) for line in started.stderr)
                started.terminate()
                assert started.wait() == 0
        playground.terminate()
        assert playground.wait() == 0


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_closed_terminal_leaves_no_server_behind(tmp_path: Path, docs: Path, footnote: Footnote, name: int) -> None:
    """However a chat is ended from outside, the server that it started ends with it."""
    footnote("index", str(docs))
    environment = {**os.environ, "FOOTNOTE_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "bot.cli", "chat"]
    server = tmp_path / "home" / "redis" / "valkey.pid"
    with subprocess.Popen(command, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as chat:
        assert chat.stdin is not None
        assert chat.stdout is not None
        chat.stdin.write("how do I set up the VPN?\n")
        chat.stdin.flush()
        while "self-service" not in chat.stdout.readline():
            pass
        assert server.exists()
        chat.send_signal(name)
        assert chat.wait() != 0
    assert not server.exists()
