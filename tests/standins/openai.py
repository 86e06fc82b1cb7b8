"""A stand-in for a server that speaks OpenAI's API, on loopback: it answers, refuses and fails as such servers do.

`python -m tests.standins.openai --port 0 --first-token 1` prints its address and runs until it is stopped. How it
behaves is set by the methods of `OpenAIStandIn`, or by `POST /_stand-in/mode` with `{"method": "refuse", "arguments":
{"status": 429}}`; `GET /_stand-in/calls` tells how often each path was called.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import web

from tests.standins import cohere_mind as mind
from tests.standins import openai_rules as rules
from tests.standins.openai_rules import Body, Refused

BEHAVIOURS: Final = frozenset(
    "behave_well echo script think refuse hang cut end_silently finish malform fib slow take".split()  # noqa: SIM905
)
"""The methods that may be called over HTTP."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: the path, the body, and the headers by their names in lower case."""

    path: str
    body: Body
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the calls whose path ends with `on`, `times` times (None: each time).

    In a stream of events it goes wrong in place of event number `at`.
    """

    kind: str
    on: str = ""
    times: int | None = None
    at: int = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    words: str = "told to"
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds before replies, before the first event of a stream, and between its events."""

    reply: float = 0.0
    first_token: float = 0.0
    between: float = 0.0


class OpenAIStandIn:
    """The server at `url`, which ends in /v1. `key` None takes any caller; another one is demanded of each.

    `without` names options of a body that it refuses, with `strictness` as the status: not every server has all.
    `rerank` is the shape of its /rerank: `jina` (vLLM, llama.cpp and Jina) or `tei`; `logits` leaves its scores raw.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        delays: Delays | None = None,
        without: Sequence[str] = (),
        strictness: int = 400,
        rerank: str = "jina",
        logits: bool = False,
        below_v1: bool = True,
        window: int = 1_000_000,
    ) -> None:
        self.key = key
        self.url = ""
        self.calls: list[Call] = []
        self.left = 0
        """Streams that the caller left before their end."""
        self.delays = delays or Delays()
        self.without = frozenset(without)
        self.strictness = strictness
        self.shape = rerank
        self.logits = logits
        self.below_v1 = below_v1
        """Whether /v1/rerank is there beside /rerank."""
        self.window = window
        """Characters of a text that it embeds: a longer one is refused, with all that came with it."""
        self.behave_well()

    # --- how it behaves ---------------------------------------------------------------------------------------------

    def behave_well(self) -> None:
        """Answer as it does at first: from the passages, with markers, without a fault."""
        self._faults: list[Fault] = []
        self._script: list[str] | None = None
        self._thought = ""
        self._aside = False
        self._echoes = False
        self._ending: str | None = "stop"
        self._lie: Any = None

    def echo(self) -> None:
        """Chat answers with the messages that it received."""
        self._echoes = True

    def script(self, *pieces: str) -> None:
        """Chat answers with these pieces."""
        self._script = list(pieces)

    def think(self, thought: str, *, aside: bool = False) -> None:
        """Chat begins with a thought, in its text or, `aside`, in a field of its own."""
        self._thought, self._aside = thought, aside

    def refuse(
        self,
        status: int,
        *,
        on: str = "",
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
        words: str = "told to",
        code: str | None = None,
    ) -> None:
        """Reply with this status, and `words` as its message."""
        self._faults.append(Fault("refuse", on, times, status=status, headers=headers or {}, words=words, code=code))

    def hang(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Never go on: without a reply, or in a stream from event `at` on."""
        self._faults.append(Fault("hang", on, times, at))

    def cut(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Break the connection: without a reply, or in a stream in place of event `at`."""
        self._faults.append(Fault("cut", on, times, at))

    def end_silently(self, *, at: int, times: int | None = None) -> None:
        """End a stream in good order in place of event `at`."""
        self._faults.append(Fault("end", "completions", times, at))

    def malform(
        self, *, on: str = "completions", at: int = 0, words: str = "{not json", times: int | None = None
    ) -> None:
        """Send `words` in place of event `at`, or of a whole reply."""
        self._faults.append(Fault("malform", on, times, at, words=words))

    def finish(self, reason: str | None) -> None:
        """End answers for this reason; None: say none."""
        self._ending = reason

    def fib(self, reply: Any) -> None:
        """Reply to everything but a stream with this JSON."""
        self._lie = reply

    def slow(self, **delays: float) -> None:
        """Wait before replies as `Delays` says."""
        self.delays = replace(self.delays, **delays)

    def take(self, *, without: Sequence[str], strictness: int = 400) -> None:
        """Refuse these options of a body from now on."""
        self.without, self.strictness = frozenset(without), strictness

    def bodies(self, path: str) -> list[Body]:
        """What was sent to the paths that end so, in order."""
        return [call.body for call in self.calls if call.path.endswith(path)]

    # --- the API ----------------------------------------------------------------------------------------------------

    def embed(self, body: Body) -> Mapping[str, Any]:
        """POST /v1/embeddings: the last text first, because order is what `index` says."""
        size = rules.embedding(body, window=self.window)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = [
            {"object": "embedding", "index": place, "embedding": mind.vector(text, "text", size)}
            for place, text in enumerate(texts)
        ]
        words = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": words, "total_tokens": words}
        return {"object": "list", "model": body["model"], "data": data[::-1], "usage": usage}

    def rerank(self, body: Body) -> Any:
        """POST /rerank, or /v1/rerank."""
        texts = rules.reranking(body, self.shape)
        scores = [mind.likeness(body["query"], text) for text in texts]
        if self.logits:
            scores = [round(20 * score - 10, 6) for score in scores]
        order = sorted(range(len(texts)), key=lambda place: -scores[place])
        if self.shape == "tei":
            return [{"index": place, "score": scores[place]} for place in order]
        results = [{"index": place, "relevance_score": scores[place]} for place in order]
        words = sum(len(text.split()) for text in texts)
        usage = {"total_tokens": words, "prompt_tokens": words}
        return {"id": "rerank-1", "model": body["model"], "usage": usage, "results": results[: body.get("top_n")]}

    def models(self) -> Mapping[str, Any]:
        """GET /v1/models."""
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "library"} for name in rules.MODELS]
        return {"object": "list", "data": data}

    def written(self, body: Body) -> list[str]:
        """The answer to a call to chat, in the pieces in which it comes."""
        messages: Sequence[Mapping[str, Any]] = body["messages"]
        if self._script is not None:
            return self._script
        if self._echoes:
            return [json.dumps(messages, ensure_ascii=False)]
        asked = str(messages[-1]["content"])
        if "New message:" in asked:
            told = mind.rewritten(asked)
            text = json.dumps({"question": told}, ensure_ascii=False) if body.get("response_format") else told
        else:
            text = grounded(asked)
        return re.findall(r"\s*\S+|\s+$", text)

    def chat(self, body: Body) -> Mapping[str, Any]:
        """POST /v1/chat/completions without a stream."""
        pieces = self.written(body)
        if self._thought and not self._aside:
            pieces = [f"<think>{self._thought}</think>", *pieces]
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": self._ending}
        return {**_head("chat.completion", body), "choices": [choice], "usage": _usage(body, pieces)}

    def events(self, body: Body) -> Iterator[Mapping[str, Any]]:
        """The events of POST /v1/chat/completions with a stream, but for the last, which is no JSON."""
        head, pieces = _head("chat.completion.chunk", body), self.written(body)
        yield {**head, "choices": [_choice({"role": "assistant", "content": ""})]}
        if self._thought and self._aside:
            yield {**head, "choices": [_choice({"reasoning_content": self._thought})]}
        elif self._thought:
            pieces = [*re.findall(r"\S{1,4}|\s+", f"<think>{self._thought}</think>"), *pieces]
        for piece in pieces:
            yield {**head, "choices": [_choice({"content": piece})]}
        if self._ending is not None:
            yield {**head, "choices": [_choice({}, self._ending)]}
        if rules.option(body, "stream_options").get("include_usage"):
            yield {**head, "choices": [], "usage": _usage(body, pieces)}

    # --- HTTP -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self, *, port: int = 0) -> AsyncGenerator[OpenAIStandIn]:
        """The API answering at `url`, on a free port unless one is named."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/_stand-in/{what}", self._told)
        app.router.add_route("*", "/{path:.*}", self._asked)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            yield self
        finally:
            await runner.cleanup()

    async def _told(self, request: web.Request) -> web.Response:
        if request.match_info["what"] == "calls":
            return web.json_response(Counter(call.path for call in self.calls))
        told = await request.json()
        if told["method"] not in BEHAVIOURS:
            raise web.HTTPNotFound
        getattr(self, told["method"])(**told.get("arguments", {}))
        return web.json_response({})

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            body: Body = json.loads(text) if text else {}
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.calls.append(Call(request.path, body, headers))
            self._admit(request)
            fault = self._fault(request.path)
            if request.path == "/v1/chat/completions":
                rules.chatting(body, without=self.without, strictness=self.strictness)
                if body.get("stream") and (fault is None or fault.kind != "refuse"):
                    return await self._streamed(request, body, fault)
            return await self._replied(request, body, fault)
        except Refused as refused:
            return self._error(refused.status, refused.message)
        except json.JSONDecodeError:
            return self._error(400, "could not parse the JSON body")

    def _error(self, status: int, message: str, *, fault: Fault | None = None) -> web.Response:
        code, headers = (fault.code, fault.headers) if fault else (None, None)
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        return web.json_response({"error": error}, status=status, headers=headers)

    def _admit(self, request: web.Request) -> None:
        given = request.headers.get("Authorization")
        if self.key is not None and given != f"Bearer {self.key}":
            raise Refused(401, f"Incorrect API key provided: {given}")

    def _fault(self, path: str) -> Fault | None:
        for place, fault in enumerate(self._faults):
            if path.endswith(fault.on):
                if fault.times is not None:
                    self._faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    async def _replied(self, request: web.Request, body: Body, fault: Fault | None) -> web.Response:
        await asyncio.sleep(self.delays.reply)
        if fault is not None:
            return await self._failed(request, fault)
        if request.path == "/v1/embeddings":
            reply: Any = self.embed(body)
        elif request.path == "/rerank" or (request.path == "/v1/rerank" and self.below_v1):
            reply = self.rerank(body)
        elif request.path == "/v1/chat/completions":
            reply = self.chat(body)
        elif request.path == "/v1/models":
            reply = self.models()
        else:
            raise Refused(404, "no such path")
        return web.json_response(reply if self._lie is None else self._lie)

    async def _failed(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.kind == "hang":
            await asyncio.Event().wait()
        if fault.kind == "malform":
            return web.Response(text=fault.words, content_type="application/json")
        if fault.kind == "cut" and request.transport is not None:
            request.transport.abort()
        return self._error(fault.status, fault.words, fault=fault)

    async def _streamed(self, request: web.Request, body: Body, fault: Fault | None) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await asyncio.sleep(self.delays.first_token)
        await reply.prepare(request)
        try:
            for number, event in enumerate(self.events(body)):
                if fault is not None and fault.at == number:
                    if fault.kind == "hang":
                        await asyncio.Event().wait()
                    if fault.kind == "cut" and request.transport is not None:
                        request.transport.abort()
                    if fault.kind != "malform":
                        return reply
                    await reply.write(f"data: {fault.words}\n\n".encode())
                    continue
                await reply.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
                await asyncio.sleep(self.delays.between)
            await reply.write(b"data: [DONE]\n\n")
            await reply.write_eof()
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise
        return reply


def grounded(asked: str) -> str:
    """Up to three sentences of the passages that share most words with the question, each marked with its number."""
    question = asked.rpartition("Question:")[2]
    blocks = re.findall(r'<passage number="(\d+)">.*?Text:\n(.*?)\n</passage', asked, re.DOTALL)
    found = [
        (mind.likeness(question, text[start:end]), -int(number), -start, text[start:end].rstrip("."), number)
        for number, text in blocks
        for start, end in mind.sentences(text)
    ]
    best = sorted((one for one in found if one[0] > 0.05), reverse=True)[:3]
    return " ".join(f"{sentence} [{number}]." for _, _, _, sentence, number in best)


def _head(kind: str, body: Body) -> Mapping[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": body["model"], "system_fingerprint": "fp_1"}


def _choice(delta: Mapping[str, Any], reason: str | None = None) -> Mapping[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}


def _usage(body: Body, pieces: Sequence[str]) -> Mapping[str, Any]:
    sent, written = len(json.dumps(body["messages"]).split()), len("".join(pieces).split())
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


async def _serve(port: int, delays: Delays) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with OpenAIStandIn(delays=delays).running(port=port) as stand_in:
        print(stand_in.url, flush=True)  # noqa: T201  (whoever starts it reads where it is)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    for name in ("reply", "first-token", "between"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(_serve(given.port, Delays(given.reply, given.first_token, given.between)))
