"""What Footnote adds to an answer over Weaviate, Redis and a stand-in for Cohere whose replies take a fixed time.

    make bench ARGS='backends DOCS [--count 60]'

DOCS is a folder of documents. Weaviate (`make weaviate`) and Valkey are real and run beside the bot; each call of Slack
takes a fixed time too. From the moment a person's message is there until the finished answer is, every instant in which
the stand-in works on a call, or a call of Slack is on its way, counts as theirs. The rest is ours, printed with and
without the searches of Weaviate; Redis counts as ours, because what is written there is what makes answers durable.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from bot.adapters.redis.server import EmbeddedServer
from bot.playground import Playground
from tests.bench.flight import CHANNEL, PATIENCE, slow_bot
from tests.bench.measuring import FOOTNOTE, p, run, weaviate_binary, where
from tests.bench.overhead import Span, ours
from tests.standins.cohere import CohereStandIn
from tests.standins.wire import Delays
from tests.weaviate_server import WeaviateServer

DELAYS = Delays(embed=0.03, rerank=0.05, first_token=0.3, between=0.005)
QUESTIONS = (
    "how much annual leave can I carry over",
    "who approves travel",
    "how do I report a security incident",
    "what is the dress code",
    "when are performance reviews",
    "how do I book a hotel",
    "what does the onboarding checklist hold",
    "how do I request new software",
    "what are core working hours",
    "how do I log my hours",
)


class WatchedCohere(CohereStandIn):
    """The stand-in, which writes down when it was at work on a call."""

    def __init__(self, delays: Delays) -> None:
        super().__init__(delays=delays)
        self.busy: list[Span] = []

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        try:
            return await super()._asked(request)
        finally:
            self.busy.append((started, time.perf_counter()))


@dataclass
class Figures:
    """Milliseconds per answer: whole, ours, and ours without the searches of Weaviate; calls of Cohere in all."""

    whole: list[float] = field(default_factory=list[float])
    ours: list[float] = field(default_factory=list[float])
    without_index: list[float] = field(default_factory=list[float])
    unanswered: int = 0


async def asked(slack: Playground, number: int) -> tuple[Span, bool]:
    """From a message to its finished reply, and whether that was a written answer."""
    started = time.perf_counter()
    question = QUESTIONS[number % len(QUESTIONS)]
    ts = await slack.say("ana", CHANNEL, f"<@bot> {question}? ({number})")

    def finished() -> bool:
        said = [message for message in slack.thread(CHANNEL, ts) if message.author == "bot"]
        return bool(said) and not said[-1].is_streaming and "Ask a person" in json.dumps(said[-1].blocks)

    await slack.wait_until(finished, timeout=PATIENCE)
    said = [message for message in slack.thread(CHANNEL, ts) if message.author == "bot"]
    return (started, time.perf_counter()), "Written from the docs" in said[-1].visible_text


async def measure(home: Path, settings: dict[str, str], cohere: WatchedCohere, slack_takes: str, count: int) -> Figures:
    """Ask one question after another, after ten that are not counted."""
    busy: dict[str, list[Span]] = {}
    options = ("--slack", slack_takes)
    async with Playground() as slack, slow_bot(slack, home, *options, busy=busy, settings=settings):
        answers = [await asked(slack, number) for number in range(count + 10)][10:]
    figures = Figures(unanswered=sum(not written for _, written in answers))
    outside = [*cohere.busy, *(tuple(span) for span in busy["slack"])]
    searching = [tuple(span) for span in busy["index"]]
    for span, written in answers:
        if written:
            figures.whole.append((span[1] - span[0]) * 1e3)
            figures.ours.append(ours(span, outside) * 1e3)
            figures.without_index.append(ours(span, [*outside, *searching]) * 1e3)
    return figures


async def measured(given: argparse.Namespace, folder: Path, weaviate: WeaviateServer, redis: str) -> Figures:
    """Index the documents over the backends, then ask."""
    home = folder / "home"
    async with WatchedCohere(Delays()).running() as cohere:
        assert isinstance(cohere, WatchedCohere)
        settings = {"COHERE_API_KEY": "stand-in", "COHERE_BASE_URL": cohere.url, "COHERE_EMBED_RATE": "1000000"}
        settings |= {"WEAVIATE_URL": weaviate.url, "WEAVIATE_GRPC_URL": f"http://127.0.0.1:{weaviate.grpc_port}"}
        settings |= {"REDIS_URL": redis}
        indexed = await asyncio.to_thread(run, FOOTNOTE, "index", given.docs, home=home, settings=settings)
        print(indexed.output.splitlines()[0])
        cohere.delays, cohere.busy = DELAYS, []
        return await measure(home, settings, cohere, given.slack, given.count)


def main() -> None:
    """Start the servers, index, ask, and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docs", type=Path)
    parser.add_argument("--slack", default="0.05", help="seconds that each call of Slack takes")
    parser.add_argument("--count", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footnote-") as name:
        folder = Path(name)
        redis = EmbeddedServer(folder / "valkey")
        with closing(WeaviateServer(folder / "weaviate", weaviate_binary())) as weaviate:
            weaviate.start()
            try:
                figures = asyncio.run(measured(given, folder, weaviate, redis.join()))
            finally:
                redis.leave()
    print(f"{where()}; {DELAYS}, each call of Slack {given.slack} s")
    for label, values in (
        ("whole answer", figures.whole),
        ("ours", figures.ours),
        ("ours without Weaviate", figures.without_index),
    ):
        print(f"{label:22} p50 {p(values, 0.5):7.1f} ms   p95 {p(values, 0.95):7.1f} ms   (n {len(values)})")
    print(f"not written: {figures.unanswered}; reach for ours: 15 / 40 ms")


if __name__ == "__main__":
    main()
