"""A stand-in for a server that speaks OpenAI's API, on loopback: it answers, refuses and fails as such servers do.

`python -m tests.standins.openai --port 0 --first-token 1` prints its address and runs until it is stopped. How it
behaves is set by the methods of `OpenAIStandIn`, or by `POST /_stand-in/mode` with `{"method": "refuse", "arguments":
{"status": 429}}`; `GET /_stand-in/calls` tells how often each path was called.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.standins import mind
from tests.standins import openai_rules as rules
from tests.standins.wire import BEHAVIOURS, Body, Delays, Refused, StandIn, option, run


class OpenAIStandIn(StandIn):
    """The server at `url`, which ends in /v1. `key` None takes any caller; another one is demanded of each.

    `without` names options of a body that it refuses, with `strictness` as the status: not every server has all.
    `rerank` is the shape of its /rerank: `jina` (vLLM, llama.cpp and Jina) or `tei`; `logits` leaves its scores raw.
    """

    below = "/v1"
    chat_path = "/v1/chat/completions"
    behaviours = BEHAVIOURS | {"think", "take"}
    last = "data: [DONE]\n\n"

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
        super().__init__(key=key, delays=delays)
        self.without = frozenset(without)
        self.strictness = strictness
        self.shape = rerank
        self.logits = logits
        self.below_v1 = below_v1
        """Whether /v1/rerank is there beside /rerank."""
        self.window = window
        """Characters of a text that it embeds: a longer one is refused, with all that came with it."""

    # --- how it behaves ---------------------------------------------------------------------------------------------

    def behave_well(self) -> None:
        """Answer as it does at first: from the passages, with markers, without a fault."""
        super().behave_well()
        self._script: list[str] | None = None
        self._thought = ""
        self._aside = False
        self._ending: str | None = "stop"

    def script(self, *pieces: str) -> None:
        """Chat answers with these pieces."""
        self._script = list(pieces)

    def think(self, thought: str, *, aside: bool = False) -> None:
        """Chat begins with a thought, in its text or, `aside`, in a field of its own."""
        self._thought, self._aside = thought, aside

    def finish(self, reason: str | None) -> None:
        """End answers for this reason; None: say none."""
        self._ending = reason

    def take(self, *, without: Sequence[str], strictness: int = 400) -> None:
        """Refuse these options of a body from now on."""
        self.without, self.strictness = frozenset(without), strictness

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
        if option(body, "stream_options").get("include_usage"):
            yield {**head, "choices": [], "usage": _usage(body, pieces)}

    # --- on the wire ------------------------------------------------------------------------------------------------

    def checked(self, body: Body) -> None:
        """As the rules are, without what this server does not take."""
        rules.chatting(body, without=self.without, strictness=self.strictness)

    async def answered(self, path: str, body: Body) -> Any:
        """The reply of the call at this path."""
        match path:
            case "/v1/embeddings":
                await asyncio.sleep(self.delays.embed)
                return self.embed(body)
            case "/rerank" | "/v1/rerank" if path == "/rerank" or self.below_v1:
                await asyncio.sleep(self.delays.rerank)
                return self.rerank(body)
            case "/v1/chat/completions":
                await asyncio.sleep(self.delays.first_token)
                return self.chat(body)
            case "/v1/models":
                return self.models()
            case _:
                raise Refused(404, "no such path")

    def framed(self, event: Mapping[str, Any]) -> str:
        """Without a name."""
        return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"

    def complaint(self, message: str, *, code: str | None = None) -> Mapping[str, Any]:
        """An object with a sentence and a code."""
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}

    def stranger(self, given: str | None) -> str:
        """It repeats the key."""
        return f"Incorrect API key provided: {given}"


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


if __name__ == "__main__":
    run(lambda delays: OpenAIStandIn(delays=delays), about=__doc__)
