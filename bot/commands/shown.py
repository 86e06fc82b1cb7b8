"""How hits and answers look in a terminal, and as JSON for programs."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.answering.pipeline import Answered
from bot.gate import label
from bot.models import Answer, Citation, Hit
from handlers.views.making import made
from handlers.views.sources import age_in_words, place

WIDTH = 100
PLACE = 120


def passage(hit: Hit) -> dict[str, Any]:
    """A hit as JSON."""
    chunk = hit.chunk
    return {
        "document": chunk.path,
        "title": chunk.title,
        "heading": chunk.heading,
        "text": chunk.text,
        "score": round(hit.score, 6),
        "bm25": round(hit.bm25, 6),
        "cosine": round(hit.cosine, 6),
        "url": chunk.url,
    }


def as_json(answered: Answered) -> dict[str, Any]:
    """An answer as JSON, with the passages it was made from."""
    answer = answered.answer
    used = {scored.chunk_id for scored in answer.passages if scored.used}
    return {
        "question": answer.question,
        "standalone_query": answer.standalone_query,
        "answer": answer.text,
        "answered": answer.answered,
        "confidence": answer.confidence,
        "citations": [_citation(citation) for citation in answer.citations],
        "passages": [{**passage(hit), "used": hit.chunk.id in used} for hit in answered.hits],
        "timings_ms": dict(answer.timings_ms),
        "backends": dict(answer.backends),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document": citation.path,
        "title": citation.title,
        "heading": citation.heading,
        "heading_path": list(citation.heading_path),
        "quote": citation.quote,
        "url": citation.url,
        "updated": citation.updated.isoformat() if citation.updated else None,
    }


def answer(answered: Answered, *, now: datetime) -> str:
    """The answer with its sources underneath, as a person reads it in a terminal."""
    found = answered.answer
    lines = {hit.chunk.id: hit.chunk.lines[0] for hit in answered.hits}
    parts = [found.text]
    if found.closest:
        parts[0] += "\nClosest:"
    sources = [_source(citation, lines, now=now) for citation in found.citations or found.closest]
    if sources:
        parts.append("\n".join(sources))
    parts.append(_footer(found))
    return "\n\n".join(part for part in parts if part)


def _source(citation: Citation, lines: Mapping[str, int], *, now: datetime) -> str:
    where = f"{label(citation.path, limit=PLACE)}:{lines.get(citation.chunk_id, 1)}"
    updated = f"updated {age_in_words(citation.updated, now=now)}" if citation.updated else ""
    return "  ".join(part for part in (str(citation.n), place(citation), where, updated) if part)


def _footer(answer: Answer) -> str:
    understood = f"Understood as: {label(answer.standalone_query, limit=WIDTH)} · " if answer.rewritten else ""
    if not answer.answered:
        return understood.removesuffix(" · ")
    return f"{understood}{made(answer)}"


def hits(found: Sequence[Hit]) -> str:
    """Passages, best first, as a person reads them in a terminal."""
    return "\n\n".join(_hit(n, hit) for n, hit in enumerate(found, 1)) or "Nothing found."


def _hit(n: int, hit: Hit) -> str:
    chunk = hit.chunk
    head = f"{n}  {label(chunk.place, limit=PLACE)}  {label(chunk.path, limit=PLACE)}:{chunk.lines[0]}"
    body = label(chunk.text, limit=4 * WIDTH)
    return f"{head}\n{textwrap.indent(textwrap.fill(body, WIDTH), '   ')}"
