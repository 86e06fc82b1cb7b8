"""From `git clone` to the first cited answer: `make demo` with an empty home and no caches, asked over its page."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from tests.bench.measuring import ROOT, where

ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+/\S*")
PATIENCE = 300
CACHES = ("XDG_", "UV_CACHE", "PIP_CACHE", "FOOTNOTE_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS", "REDIS_", "SLACK_")


def main() -> None:
    """Clone the committed HEAD, run the demo, click its first suggestion, and say when the answer stood there."""
    print(where())
    with tempfile.TemporaryDirectory() as folder:
        project, home = Path(folder, "project"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "-q", ROOT, project], check=True)
        asyncio.run(demonstrate(project, home))
        for name, path in (("project and .venv", project), ("state", home / ".local"), ("caches", home / ".cache")):
            print(f"{name:20}  {megabytes(path)} MB")


async def demonstrate(project: Path, home: Path) -> None:
    """Time `make demo` in a project, by a person whose home is empty."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(CACHES)} | {"HOME": str(home)}
    start = time.perf_counter()
    demo = await asyncio.create_subprocess_exec(
        "make", "demo", cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            address = await printed(demo)
            print(f"address printed       {time.perf_counter() - start:.1f} s after `make demo`")
            answer = await asked(address)
            print(f"first cited answer    {time.perf_counter() - start:.1f} s after `make demo`\n  {answer}")
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        await demo.wait()


async def printed(demo: asyncio.subprocess.Process) -> str:
    """The page's address, once the demo prints it."""
    seen: list[str] = []
    assert demo.stdout
    async for line in demo.stdout:
        seen.append(line.decode())
        if found := ADDRESS.search(seen[-1]):
            return found[0]
    raise SystemExit("the demo ended:\n" + "".join(seen))


async def asked(address: str) -> str:
    """What the bot answers to the first suggestion, as soon as the answer names a source."""
    origin = {"Origin": str(URL(address).origin())}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=origin) as session:
        async with session.get(address) as page:
            page.raise_for_status()
        async with session.ws_connect(page.url.with_path("/page/live")) as live:
            everything = await live.receive_json()
            person = everything["people"][0]["id"]
            room = next(r for r in everything["rooms"] if r["name"] == "general")
            deed = {"as": person, "channel": room["id"], "text": everything["suggestions"][0]}
            async with session.post(page.url.with_path("/page/say"), json=deed) as said:
                said.raise_for_status()
            while True:
                news = await live.receive_json()
                text = words(news.get("message", {}).get("body")) if news["kind"] == "message" else ""
                if "[1]" in text and "Quoted from the docs" in text:
                    return text


def words(node: Any) -> str:
    """Every string in a message's tree, in order."""
    if isinstance(node, dict):
        return " ".join(filter(None, (words(value) for key, value in node.items() if key != "kind")))
    if isinstance(node, list):
        return " ".join(filter(None, map(words, node)))
    return node if isinstance(node, str) else ""


def megabytes(path: Path) -> str:
    """What a folder takes on disk, as `du` counts it."""
    if not path.exists():
        return "0"
    return subprocess.run(["du", "-sm", path], capture_output=True, text=True, check=True).stdout.split()[0]


if __name__ == "__main__":
    main()
