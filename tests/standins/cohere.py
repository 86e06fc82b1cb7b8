"""A stand-in for Cohere on loopback: it answers as the API does, refuses what the API refuses, and fails as it is told.

`python -m tests.standins.cohere --port 0 --first-token 1` prints its address and runs until it is stopped. How it
behaves is set by the methods of `CohereStandIn`, or by `POST /_stand-in/mode` with `{"method": "refuse", "arguments":
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
from tests.standins import cohere_rules as rules
from tests.standins.cohere_rules import Body, Refused

BEHAVIOURS: Final = frozenset(
    "behave_well echo script refuse hang cut end_silently finish malform fib slow".split()  # noqa: SIM905
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


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds before replies, before the first event of a stream, and between its events."""

    embed: float = 0.0
    rerank: float = 0.0
    first_token: float = 0.0
    between: float = 0.0


class CohereStandIn:
    """The API at `url`. `key` None takes any caller; another one is demanded of each."""

    def __init__(self, *, key: str | None = None, delays: Delays | None = None) -> None:
        self.key = key
        self.url = ""
        self.calls: list[Call] = []
        self.left = 0
        """Streams that the caller left before their end."""
        self.delays = delays or Delays()
        self._faults: list[Fault] = []
        self._written: mind.Written | None = None
        self._at_end = False
        self._echoes = False
        self._ending = "COMPLETE"
        self._lie: Any = None

    # --- how it behaves ---------------------------------------------------------------------------------------------

    def behave_well(self) -> None:
        """Answer as it does at first: from the documents, with citations in the stream, without a fault."""
        self._faults, self._written, self._at_end = [], None, False
        self._echoes, self._ending, self._lie = False, "COMPLETE", None

    def echo(self) -> None:
        """Chat answers with every passage and every message that it received."""
        self._echoes = True

    def script(self, text: str, citations: Sequence[Mapping[str, Any]] = (), *, at_end: bool = False) -> None:
        """Chat answers with this text and these citations (as the API tells them), all at the end if `at_end`."""
        self._written, self._at_end = mind.Written(text, tuple(citations)), at_end

    def refuse(
        self,
        status: int,
        *,
        on: str = "",
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
        words: str = "told to",
    ) -> None:
        """Reply with this status, and `words` as its message."""
        self._faults.append(Fault("refuse", on, times, status=status, headers=headers or {}, words=words))

    def hang(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Never go on: without a reply, or in a stream from event `at` on."""
        self._faults.append(Fault("hang", on, times, at))

    def cut(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Break the connection: without a reply, or in a stream in place of event `at`."""
        self._faults.append(Fault("cut", on, times, at))

    def end_silently(self, *, at: int, times: int | None = None) -> None:
        """End a stream in good order in place of event `at`."""
        self._faults.append(Fault("end", "chat", times, at))

    def malform(self, *, on: str = "chat", at: int = 0, words: str = "{not json", times: int | None = None) -> None:
        """Send `words` in place of event `at`, or of a whole reply."""
        self._faults.append(Fault("malform", on, times, at, words=words))

    def finish(self, reason: str) -> None:
        """End answers for this reason."""
        self._ending = reason

    def fib(self, reply: Any) -> None:
        """Reply to everything but a stream with this JSON."""
        self._lie = reply

    def slow(self, **delays: float) -> None:
        """Wait before replies as `Delays` says."""
        self.delays = replace(self.delays, **delays)

    def bodies(self, path: str) -> list[Body]:
        """What was sent to the paths that end so, in order."""
        return [call.body for call in self.calls if call.path.endswith(path)]

    # --- the API ----------------------------------------------------------------------------------------------------

    async def embed(self, body: Body) -> Mapping[str, Any]:
        """POST /v2/embed."""
        size = rules.embedding(body)
        await asyncio.sleep(self.delays.embed)
        rows = [mind.vector(text, body["input_type"], size) for text in body["texts"]]
        billed = {"input_tokens": sum(len(text.split()) for text in body["texts"])}
        return {
            "id": "embed-1",
            "response_type": "embeddings_by_type",
            "embeddings": {"float": rows},
            "texts": body["texts"],
            "meta": {"api_version": {"version": "2"}, "billed_units": billed},
        }

    async def rerank(self, body: Body) -> Mapping[str, Any]:
        """POST /v2/rerank."""
        rules.reranking(body)
        await asyncio.sleep(self.delays.rerank)
        query, wanted = body["query"], rules.option(body, "relevant_spans")
        results: list[dict[str, Any]] = []
        for index, document in enumerate(body["documents"]):
            result: dict[str, Any] = {"index": index, "relevance_score": mind.likeness(query, document)}
            if wanted.get("mode") == "enabled":
                found = mind.spans(
                    query, document, threshold=wanted.get("threshold", 0.1), most=wanted.get("max_spans")
                )
                result |= {"relevant_spans": found} if found else {}
            results.append(result)
        results.sort(key=lambda result: (-result["relevance_score"], result["index"]))
        words = sum(len(document.split()) for document in body["documents"])
        units = {"input_tokens": words} if body["model"].startswith("rerank-v5") else {"search_units": 1}
        return {"id": "rerank-1", "results": results[: body.get("top_n")], "meta": {"billed_units": units}}

    async def models(self) -> Mapping[str, Any]:
        """GET /v1/models."""
        kinds = {"embed": rules.EMBED, "rerank": rules.RERANK, "chat": rules.CHAT}
        return {"models": [{"name": name, "endpoints": [kind]} for kind, names in kinds.items() for name in names]}

    def written(self, body: Body) -> mind.Written:
        """The answer to a call to chat."""
        messages: list[Mapping[str, Any]] = body["messages"]
        if self._echoes:
            return mind.Written(json.dumps([body.get("documents", []), messages], ensure_ascii=False))
        if self._written is not None:
            return self._written
        question = str(messages[-1]["content"])
        if rules.option(body, "response_format").get("type") == "json_object":
            return mind.Written(json.dumps({"question": mind.rewritten(question)}, ensure_ascii=False))
        documents: list[Mapping[str, Any]] = [one for one in body.get("documents", ()) if not isinstance(one, str)]
        return mind.grounded(question, documents)

    async def chat(self, body: Body) -> Mapping[str, Any]:
        """POST /v2/chat without a stream."""
        await asyncio.sleep(self.delays.first_token)
        written = self.written(body)
        message = {"role": "assistant", "content": [{"type": "text", "text": written.text}]}
        return {
            "id": "chat-1",
            "finish_reason": self._ending,
            "message": {**message, **({"citations": list(written.citations)} if written.citations else {})},
            "usage": _usage(body, written.text),
        }

    def events(self, body: Body) -> Iterator[Mapping[str, Any]]:
        """The events of POST /v2/chat with a stream."""
        written, at_end = self.written(body), self._at_end
        mode = rules.option(body, "citation_options").get("mode", "FAST")
        citations = list(written.citations) if mode not in ("OFF", "DISABLED") else []
        at_end = at_end or mode == "ACCURATE"
        start: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        yield {"id": "chat-1", "type": "message-start", "delta": {"message": start}}
        yield _content("content-start", {"type": "text", "text": ""})
        place, number = 0, 0
        for token in re.findall(r"\s*\S+|\s+$", written.text):
            yield _content("content-delta", {"text": token})
            place += len(token)
            while not at_end and number < len(citations) and _end(citations[number]) <= place:
                yield from _citation(number, citations[number])
                number += 1
        yield {"type": "content-end", "index": 0}
        for late in range(number, len(citations)):
            yield from _citation(late, citations[late])
        ended = {"finish_reason": self._ending, "usage": _usage(body, written.text)}
        yield {"id": "chat-1", "type": "message-end", "delta": ended}

    # --- HTTP -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self, *, port: int = 0) -> AsyncGenerator[CohereStandIn]:
        """The API answering at `url`, on a free port unless one is named."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/_stand-in/{what}", self._told)
        app.router.add_route("*", "/{path:.*}", self._asked)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
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
            self.calls.append(
                Call(request.path, body, {name.lower(): value for name, value in request.headers.items()})
            )
            self._admit(request)
            fault = self._fault(request.path)
            if request.path == "/v2/chat":
                rules.chatting(body)
                if body.get("stream") and (fault is None or fault.kind != "refuse"):
                    return await self._streamed(request, body, fault)
            return await self._replied(request, body, fault)
        except Refused as refused:
            return web.json_response({"id": "e-1", "message": refused.message}, status=refused.status)
        except json.JSONDecodeError:
            return web.json_response({"message": "invalid request: body is not valid JSON"}, status=400)

    def _admit(self, request: web.Request) -> None:
        given = request.headers.get("Authorization")
        if self.key is not None and given != f"Bearer {self.key}":
            raise Refused(401, "invalid api token" if given else "no api key supplied")

    def _fault(self, path: str) -> Fault | None:
        for place, fault in enumerate(self._faults):
            if path.endswith(fault.on):
                if fault.times is not None:
                    self._faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    async def _replied(self, request: web.Request, body: Body, fault: Fault | None) -> web.Response:
        if fault is not None:
            return await self._failed(request, fault)
        if request.path == "/v2/embed":
            reply = await self.embed(body)
        elif request.path == "/v2/rerank":
            reply = await self.rerank(body)
        elif request.path == "/v2/chat":
            reply = await self.chat(body)
        elif request.path == "/v1/models":
            reply = await self.models()
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
        return web.json_response({"message": fault.words}, status=fault.status, headers=fault.headers)

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
                data = json.dumps(event, ensure_ascii=False)
                await reply.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
                await asyncio.sleep(self.delays.between)
            await reply.write_eof()
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise
        return reply


def _usage(body: Body, text: str) -> Mapping[str, Any]:
    sent = len(json.dumps([body.get("documents"), body["messages"]]).split())
    billed = {"input_tokens": sent, "output_tokens": len(text.split())}
    return {"billed_units": billed, "tokens": {"input_tokens": sent + 500, "output_tokens": len(text.split())}}


def _content(kind: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": {"content": content}}}


def _citation(number: int, citation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield {"type": "citation-start", "index": number, "delta": {"message": {"citations": citation}}}
    yield {"type": "citation-end", "index": number}


def _end(citation: Mapping[str, Any]) -> int:
    """Where a citation is told: after its text, or where a script says so."""
    return int(citation.get("end") or 0)


async def _serve(port: int, delays: Delays) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with CohereStandIn(delays=delays).running(port=port) as stand_in:
        print(stand_in.url, flush=True)  # noqa: T201  (whoever starts it reads where it is)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    for name in ("embed", "rerank"):
        parser.add_argument(f"--delay-{name}", dest=name, type=float, default=0.0)
    parser.add_argument("--first-token", type=float, default=0.0)
    parser.add_argument("--between", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(_serve(given.port, Delays(given.embed, given.rerank, given.first_token, given.between)))
