"""A stand-in for Cohere on loopback: it answers as the API does, refuses what the API refuses, and fails as it is told.

`python -m tests.standins.cohere --port 0 --first-token 1` prints its address and runs until it is stopped. How it
behaves is set by the methods of `CohereStandIn`, or by `POST /_stand-in/mode` with `{"method": "refuse", "arguments":
{"status": 429}}`; `GET /_stand-in/calls` tells how often each path was called.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.standins import cohere_rules as rules
from tests.standins import mind
from tests.standins.wire import Body, Refused, StandIn, option, run


class CohereStandIn(StandIn):
    """The API at `url`. `key` None takes any caller; another one is demanded of each."""

    chat_path = "/v2/chat"

    # --- how it behaves ---------------------------------------------------------------------------------------------

    def behave_well(self) -> None:
        """Answer as it does at first: from the documents, with citations in the stream, without a fault."""
        super().behave_well()
        self._written: mind.Written | None = None
        self._at_end = False
        self._ending = "COMPLETE"

    def script(self, text: str, citations: Sequence[Mapping[str, Any]] = (), *, at_end: bool = False) -> None:
        """Chat answers with this text and these citations (as the API tells them), all at the end if `at_end`."""
        self._written, self._at_end = mind.Written(text, tuple(citations)), at_end

    def finish(self, reason: str) -> None:
        """End answers for this reason."""
        self._ending = reason

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
        query, wanted = body["query"], option(body, "relevant_spans")
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

    def models(self) -> Mapping[str, Any]:
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
        if option(body, "response_format").get("type") == "json_object":
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
        mode = option(body, "citation_options").get("mode", "FAST")
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

    # --- on the wire ------------------------------------------------------------------------------------------------

    def checked(self, body: Body) -> None:
        """As Cohere's rules are."""
        rules.chatting(body)

    async def answered(self, path: str, body: Body) -> Mapping[str, Any]:
        """The reply of the call at this path."""
        match path:
            case "/v2/embed":
                return await self.embed(body)
            case "/v2/rerank":
                return await self.rerank(body)
            case "/v2/chat":
                return await self.chat(body)
            case "/v1/models":
                return self.models()
            case _:
                raise Refused(404, "no such path")

    def framed(self, event: Mapping[str, Any]) -> str:
        """With the event's name."""
        return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"

    def complaint(self, message: str, *, code: str | None = None) -> Mapping[str, Any]:
        """A sentence; Cohere has no codes."""
        return {"id": "e-1", "message": message}

    def stranger(self, given: str | None) -> str:
        """What is said of no key, and of a wrong one."""
        return "invalid api token" if given else "no api key supplied"


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


if __name__ == "__main__":
    run(lambda delays: CohereStandIn(delays=delays), about=__doc__)
