"""*Why this answer?*: what was understood, searched, used and left out, and what made the answer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.screens import Weighed, Why
from bot.words.counting import counted
from handlers.buttons import Action, Seal
from handlers.views.blocks import Block, remark
from handlers.views.pieces import (
    button,
    divider,
    labelled,
    line,
    modal,
    moment_in_words,
    plain,
    quote,
    row,
    section,
    source,
    source_names,
    words,
)

TITLE = "Why this answer?"
MOST_USED, MOST_LEFT_OUT = 20, 10
"""Passages that are listed."""
MOST_SOURCES = 5
"""Sources that are named where only some were searched."""
SHORT_QUOTE = 200
"""Characters of a passage's beginning."""
UNSAID = "Something else was weighed that has changed since, or is not yours to read."

_MADE_BY = {
    "index": "{} index",
    "embedder": "embedder {}",
    "reranker": "reranker {}",
    "generator": "generator {}",
    "rewriter": "rewriter {}",
}
_CENT = 0.01
_SECOND = 1_000.0


def why_view(why: Why, *, seal: Seal, now: datetime) -> Block:
    """The modal, filled."""
    return modal(TITLE, _parts(why, seal, now))


def _parts(why: Why, seal: Seal, now: datetime) -> Iterator[Block]:
    yield labelled("Understood as", row(*words(line(why.standalone_query) or "–")))
    yield labelled("Searched", row(*words(_searched(why, now))))
    yield divider()
    yield labelled("Used", *_listed(why.used, MOST_USED, none="No passage supports an answer.", quoted=True))
    if why.left_out:
        yield labelled("Left out", *_listed(why.left_out, MOST_LEFT_OUT, none="", quoted=False))
    if why.unsaid:
        yield remark(UNSAID)
    yield divider()
    yield labelled("Made by", row(*words(_backends(why.backends))), row(*words(_spent(why.timings_ms, why.cost))))
    report = button("Report a problem", Action.REPORT_PROBLEM, seal.close(Action.REPORT_PROBLEM, why.question_id))
    yield section(plain(f"Record {line(why.code)}", limit=100), beside=report)


def _searched(why: Why, now: datetime) -> str:
    documents = f"{counted(why.documents, 'document')} that everyone who sees the answer can read"
    named = ", ".join([*source_names(why.sources).values()][:MOST_SOURCES])
    more = f" and {len(why.sources) - MOST_SOURCES:,} more" if len(why.sources) > MOST_SOURCES else ""
    within = f" · in {named}{more}" if named else ""
    age = f" · index from {moment_in_words(why.indexed_at, now=now)}" if why.indexed_at else ""
    return f"{documents}{within}{age}"


def _listed(weighed: Sequence[Weighed], most: int, *, none: str, quoted: bool) -> Iterator[Block]:
    """Passages with their scores, and the beginning of each where it is to be read."""
    for one in weighed[:most]:
        yield source(one.citation, number=quoted, after=f"score {one.score:.2f}")
        if quoted and one.citation.quote.strip():
            yield quote(one.citation.quote, limit=SHORT_QUOTE)
    if len(weighed) > most:
        yield row(*words(f"and {len(weighed) - most:,} more"))
    if not weighed:
        yield row(*words(none))


def _backends(backends: Mapping[str, str]) -> str:
    """What stood behind each step; what a newer version calls differently is named as it is."""
    order = [*(name for name in _MADE_BY if name in backends), *(name for name in backends if name not in _MADE_BY)]
    return " · ".join(_made_by(name, line(backends[name], limit=80)) for name in order[:10]) or "–"


def _made_by(step: str, name: str) -> str:
    if step == "generator" and name == "quotes":
        return "quoted word for word"
    if step == "reranker" and name.startswith("none"):
        return "ranked without the reranker"
    return _MADE_BY.get(step, f"{line(step, limit=30)} {{}}").replace("{}", name)


def _spent(timings_ms: Mapping[str, float], cost: float) -> str:
    total = timings_ms.get("total")
    steps = ", ".join(
        f"{line(step, limit=30)} {_time(ms)}" for step, ms in [*timings_ms.items()][:12] if step != "total"
    )
    said = [part for part in (total is not None and f"{_time(total)} in all", steps, _dollars(cost)) if part]
    return " · ".join(said)


def _time(ms: float) -> str:
    return f"{ms / _SECOND:.1f} s" if ms >= _SECOND else f"{ms:.0f} ms"


def _dollars(cost: float) -> str:
    return "under $0.01" if 0 < cost < _CENT else f"${cost:.2f}"
